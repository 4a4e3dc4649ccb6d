import { expect, it } from 'vitest';
import { deltaCos, deltaMse, linearCka } from '../../src/evaluation/drift.ts';
import { layerDrift } from '../../src/evaluation/layerDrift.ts';
import { onEachEngine } from '../engine/engines.ts';
import { matrixOf, randomMatrix } from './matrices.ts';

onEachEngine('layerDrift', () => {
  it('is the drift of each layer by itself', async () => {
    const original = [randomMatrix(9, 4, 1), randomMatrix(9, 4, 2), randomMatrix(9, 4, 3)];
    const now = [original[0], randomMatrix(9, 4, 4), randomMatrix(9, 4, 5)] as typeof original;
    const [embeddings, ...layers] = await layerDrift(now, original);
    expect(embeddings).toEqual({ deltaEmb: 0, deltaCos: 0, cka: expect.closeTo(1, 5) });
    for (const [i, layer] of layers.entries()) {
      const [h, h0] = [now[i + 1], original[i + 1]] as [(typeof now)[0], (typeof now)[0]];
      expect(layer).toEqual({
        deltaEmb: deltaMse(h, h0),
        deltaCos: deltaCos(h, h0),
        cka: expect.closeTo(await linearCka(h, h0), 6),
      });
    }
  });

  it('takes as many layers as before', async () => {
    const states = matrixOf([
      [1, 2],
      [3, 4],
    ]);
    expect(() => layerDrift([states], [states, states])).toThrow(RangeError);
  });
});

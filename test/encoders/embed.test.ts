import { afterAll, beforeAll, expect, it } from 'vitest';
import { embedTexts } from '../../src/encoders/embed.ts';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { collate } from '../../src/text/batch.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import sentences from '../text/golden/sentences.json' with { type: 'json' };
import { goldenFolder, largestDifference } from './goldens.ts';

onEachEngine('embedTexts', () => {
  let encoder: Encoder;
  beforeAll(async () => {
    encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
  });
  afterAll(() => encoder.dispose());

  it.each(['cls', 'mean'] as const)('gives each text its own vector in the given order, by %s', async (pooling) => {
    const texts = encoder.tokeniser.encode(sentences, encoder.config.maxLength);
    const progress: number[] = [];
    const onProgress = (done: number) => progress.push(done);
    const { data, rows, columns } = await embedTexts(encoder, texts, { pooling, batchSize: 5, onProgress });
    expect([rows, columns]).toEqual([sentences.length, encoder.config.hiddenSize]);
    expect(progress).toEqual([5, 10, 15, 16]);
    for (let i = 0; i < rows; i++) {
      const alone = encoder.embed(collate(texts, [i], encoder.tokeniser.padId), pooling);
      const row = data.subarray(i * columns, (i + 1) * columns);
      expect(largestDifference(await alone.data(), row)).toBeLessThan(1e-5);
      alone.dispose();
    }
  });

  it('takes no texts at all', async () => {
    const matrix = await embedTexts(encoder, encoder.tokeniser.encode([], 16), { pooling: 'cls' });
    expect(matrix).toEqual({ data: new Float32Array(0), rows: 0, columns: 32 });
  });

  it('leaves no tensor behind', () => {
    const batch = collate(encoder.tokeniser.encode(sentences, 16), [0, 1], encoder.tokeniser.padId);
    expect(leakedTensors(() => encoder.embed(batch, 'mean').dispose())).toBe(0);
  });
});

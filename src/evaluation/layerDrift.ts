import { deltaCos, deltaMse, linearCka } from './drift.ts';
import type { Matrix } from './matrix.ts';

/** How far the states of one layer have moved; see `drift.ts` for the measures. */
export interface LayerDrift {
  readonly deltaEmb: number;
  readonly deltaCos: number;
  readonly cka: number;
}

/**
 * Which layers moved: the drift of the same texts' pooled states after each layer, the embeddings' first.
 *
 * @param now a matrix [texts, width] for each layer, at least two texts
 * @param original the same of the encoder as it was
 */
export function layerDrift(now: readonly Matrix[], original: readonly Matrix[]): Promise<LayerDrift[]> {
  if (now.length !== original.length) throw new RangeError(`${now.length} layers against ${original.length}`);
  return Promise.all(
    now.map(async (states, layer) => {
      const before = original[layer] as Matrix;
      return {
        deltaEmb: deltaMse(states, before),
        deltaCos: deltaCos(states, before),
        cka: await linearCka(states, before),
      };
    }),
  );
}

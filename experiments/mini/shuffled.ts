import { type Sampler, wholeCoverage } from '../../samplers/sampler.ts';
import { stream } from '../../src/random.ts';
import { lengthOf, type TokenSequences } from '../../src/text/tokenSequences.ts';

/** Batches whose texts are sorted by length together. */
const pool = 64;

/**
 * Every text once an epoch, in random batches of texts of similar length: shuffled, sorted by length within pools of 64
 * batches, and the batches shuffled again. A distillation has no labels, so unlike other samplers this one looks at none.
 */
export function shuffled(texts: TokenSequences, batchSize: number, seed: number): Sampler {
  return {
    batchesPerEpoch: Math.ceil(texts.size / batchSize),
    coverage: wholeCoverage(texts.size),
    epoch(n) {
      const random = stream(seed, 'shuffled', n);
      const order = Int32Array.from(random.shuffle(Array(texts.size).keys()));
      const batches: Int32Array[] = [];
      for (let start = 0; start < order.length; start += pool * batchSize) {
        const sorted = order
          .slice(start, start + pool * batchSize)
          .sort((a, b) => lengthOf(texts, a) - lengthOf(texts, b) || a - b);
        for (let i = 0; i < sorted.length; i += batchSize) batches.push(sorted.slice(i, i + batchSize));
      }
      return random.shuffle(batches);
    },
  };
}

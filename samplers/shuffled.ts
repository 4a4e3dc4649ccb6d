import { z } from 'zod';
import { stream } from '../src/random.ts';
import { defineSampler, type Sampler, wholeCoverage } from './sampler.ts';

const schema = z.strictObject({
  kind: z.literal('shuffled'),
  /** Items in a batch; the last one of an epoch has what is left. */
  batchSize: z.int().positive().default(16),
});

/**
 * Every item once an epoch, in random order: what classification losses are usually trained with. The one sampler that
 * promises neither negatives nor positives; a contrastive loss counts the anchors that are left without.
 */
export const shuffled = defineSampler({
  schema,
  create(labels, { batchSize }, seed): Sampler {
    const batchesPerEpoch = Math.ceil(labels.length / batchSize);
    return {
      batchesPerEpoch,
      coverage: wholeCoverage(labels.length),
      epoch(n) {
        const order = Int32Array.from(stream(seed, 'shuffled', n).shuffle(labels.keys()));
        return Array.from({ length: batchesPerEpoch }, (_, i) => order.slice(i * batchSize, (i + 1) * batchSize));
      },
    };
  },
});

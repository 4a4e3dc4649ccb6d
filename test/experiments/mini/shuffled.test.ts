import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shuffled } from '../../../experiments/mini/shuffled.ts';
import { stream } from '../../../src/random.ts';
import type { TokenSequences } from '../../../src/text/tokenSequences.ts';
import { paddingShare } from '../../text/paddingShare.ts';

/** Texts of 1 to 60 tokens. */
function texts(size: number): TokenSequences {
  const random = stream(1, 'lengths');
  const offsets = new Int32Array(size + 1);
  for (let i = 0; i < size; i++) offsets[i + 1] = (offsets[i] ?? 0) + 1 + random.integer(60);
  const ids = new Int32Array(offsets[size] ?? 0);
  return { ids, typeIds: ids, offsets, size };
}

describe('shuffled', () => {
  it('deals every text once an epoch, in full batches but for the remainders of the pools', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 9 }), fc.nat(), (size, batchSize, n) => {
        const sampler = shuffled(texts(size), batchSize, 1);
        const batches = sampler.epoch(n);
        expect(batches).toHaveLength(sampler.batchesPerEpoch);
        expect(batches.flatMap((batch) => [...batch]).sort((a, b) => a - b)).toEqual([...Array(size).keys()]);
        expect(batches.filter(({ length }) => length < batchSize).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });

  it('depends on the seed and the epoch, and on nothing else', () => {
    const sampler = shuffled(texts(200), 8, 1);
    expect(sampler.epoch(3)).toEqual(shuffled(texts(200), 8, 1).epoch(3));
    expect(sampler.epoch(3)).not.toEqual(sampler.epoch(4));
    expect(sampler.epoch(3)).not.toEqual(shuffled(texts(200), 8, 2).epoch(3));
  });

  it('pads little', () => {
    const many = texts(4000);
    const batches = shuffled(many, 16, 1).epoch(0);
    expect(paddingShare(many, batches)).toBeLessThan(0.05);
  });
});

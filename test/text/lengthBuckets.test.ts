import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthBuckets } from '../../src/text/lengthBuckets.ts';
import { lengthOf } from '../../src/text/tokenSequences.ts';
import { paddingShare } from './paddingShare.ts';
import { lengthsArbitrary, sequencesOf } from './tokenSequences.ts';

describe('lengthBuckets', () => {
  it('sorts by length, longest first, and keeps the order of equal lengths', () => {
    expect(lengthBuckets(sequencesOf([3, 7, 3, 1, 7]), 14)).toEqual([Int32Array.of(1, 4), Int32Array.of(0, 2, 3)]);
  });

  it('has every text once, in batches that do not overlap in length and are as large as they may be', () => {
    fc.assert(
      fc.property(lengthsArbitrary, fc.integer({ min: 1, max: 200 }), (lengths, batchTokens) => {
        const texts = sequencesOf(lengths);
        const batches = lengthBuckets(texts, batchTokens);
        const order = batches.flatMap((batch) => [...batch]);
        for (const [i, batch] of batches.entries()) {
          const longest = lengthOf(texts, batch[0] as number);
          if (batch.length > 1) expect(longest * batch.length).toBeLessThanOrEqual(batchTokens);
          if (i < batches.length - 1) expect(longest * (batch.length + 1)).toBeGreaterThan(batchTokens);
        }
        expect([...order].sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
        expect(order.map((index) => lengthOf(texts, index))).toEqual([...lengths].sort((a, b) => b - a));
      }),
    );
  });
});

describe('paddingShare', () => {
  it('is the share of positions without a token', () => {
    expect(paddingShare(sequencesOf([4, 1, 2]), [[0, 1], [2]])).toBeCloseTo(3 / 10);
    expect(paddingShare(sequencesOf([]), [])).toBe(0);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthBuckets, paddingShare } from '../../src/text/lengthBuckets.ts';
import { lengthOf } from '../../src/text/tokenSequences.ts';
import { lengthsArbitrary, sequencesOf } from './tokenSequences.ts';

describe('lengthBuckets', () => {
  it('sorts by length, longest first, and keeps the order of equal lengths', () => {
    expect(lengthBuckets(sequencesOf([3, 7, 3, 1, 7]), 2)).toEqual([
      Int32Array.of(1, 4),
      Int32Array.of(0, 2),
      Int32Array.of(3),
    ]);
  });

  it('has every text once, in batches that do not overlap in length', () => {
    fc.assert(
      fc.property(lengthsArbitrary, fc.integer({ min: 1, max: 9 }), (lengths, batchSize) => {
        const texts = sequencesOf(lengths);
        const order = lengthBuckets(texts, batchSize).flatMap((batch) => [...batch]);
        expect([...order].sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
        expect(order.map((index) => lengthOf(texts, index))).toEqual([...lengths].sort((a, b) => b - a));
      }),
    );
  });

  it('never pads more than full batches in the given order', () => {
    fc.assert(
      fc.property(lengthsArbitrary, fc.integer({ min: 1, max: 9 }), (drawn, batchSize) => {
        const lengths = drawn.slice(0, drawn.length - (drawn.length % batchSize));
        const texts = sequencesOf(lengths);
        const given: number[][] = [];
        for (let i = 0; i < lengths.length; i += batchSize) {
          given.push(Array.from({ length: batchSize }, (_, j) => i + j));
        }
        const share = paddingShare(texts, lengthBuckets(texts, batchSize));
        expect(share).toBeLessThanOrEqual(paddingShare(texts, given) + 1e-12);
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

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { smooth } from '../../../../src/dashboard/page/model/smoothing.ts';

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const values = fc.array(
  fc.oneof({ arbitrary: number, weight: 5 }, fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY)),
  { maxLength: 60 },
);
const weight = fc.double({ min: 0, max: 0.999, noNaN: true });

/** Σ wⁿ⁻ⁱ vᵢ / Σ wⁿ⁻ⁱ over the finite values up to one. */
function weightedMean(all: readonly number[], last: number, w: number): number {
  const seen = all.slice(0, last + 1).filter(Number.isFinite);
  let [sum, total] = [0, 0];
  for (let i = 0; i < seen.length; i++) {
    const share = w ** (seen.length - 1 - i);
    sum += share * (seen[i] as number);
    total += share;
  }
  return sum / total;
}

test('each value is the weighted mean of all until then', () => {
  fc.assert(
    fc.property(values, weight, (list, w) => {
      const smoothed = smooth(list, w);
      expect(smoothed).toHaveLength(list.length);
      for (const [i, value] of list.entries()) {
        if (Number.isFinite(value)) {
          expect(Math.abs((smoothed[i] as number) - weightedMean(list, i, w))).toBeLessThan(1e-6);
        } else {
          expect(smoothed[i]).toBe(value);
        }
      }
    }),
  );
});

test('a half counts the last value two to one', () => {
  expect(smooth([3, 6], 0.5)).toEqual([3, 5]);
});

test('is not pulled towards 0 at the start', () => {
  for (const w of [0.1, 0.9, 0.99, 0.999]) {
    for (const value of smooth([7, 7, 7, 7], w)) expect(value).toBeCloseTo(7, 9);
  }
});

test('what is not finite stays where it is and does not count', () => {
  const { NaN: none, POSITIVE_INFINITY: infinity } = Number;
  expect(smooth([none, 3, -infinity, 6, infinity], 0.5)).toEqual([none, 3, -infinity, 5, infinity]);
});

test('without weight the values are as they are, in a list of their own', () => {
  const list = [1, Number.NaN, -2];
  expect(smooth(list, 0)).toEqual(list);
  expect(smooth(list, 0)).not.toBe(list);
  expect(smooth([], 0)).toEqual([]);
  expect(smooth([], 0.9)).toEqual([]);
});

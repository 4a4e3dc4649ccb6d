import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitNames } from '../../src/data/source.ts';
import { splitNarratives } from '../../src/synthesis/splits.ts';

const shares = { train: 0.8, validation: 0.1, test: 0.1 };
const sizesOf = (n: number, own: typeof shares, seed: number) => {
  const parts = [...splitNarratives(ids(n), own, seed).values()];
  return splitNames.map((name) => parts.filter((part) => part === name).length);
};

const ids = (n: number) => Array.from({ length: n }, (_, i) => `n${i}`);

it('has every narrative in one split, and one at least in each', () => {
  const share = fc.integer({ min: 1, max: 8 });
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 60 }), share, share, fc.nat(9), (n, validation, test, seed) => {
      const own = { train: 1 - (validation + test) / 20, validation: validation / 20, test: test / 20 };
      expect([...splitNarratives(ids(n), own, seed).keys()].sort()).toEqual(ids(n).sort());
      for (const [i, size] of sizesOf(n, own, seed).entries()) {
        expect(size).toBeGreaterThan(0);
        expect(Math.abs(size - own[splitNames[i] ?? 'train'] * n)).toBeLessThanOrEqual(2);
      }
    }),
  );
});

it('is the same for a seed and another for another', () => {
  expect(splitNarratives(ids(40), shares, 1)).toEqual(splitNarratives(ids(40), shares, 1));
  expect(splitNarratives(ids(40), shares, 1)).not.toEqual(splitNarratives(ids(40), shares, 2));
});

it('has training first where there are too few', () => {
  expect([0, 1, 2, 3].map((n) => sizesOf(n, shares, 0))).toEqual([
    [0, 0, 0],
    [1, 0, 0],
    [1, 0, 1],
    [1, 1, 1],
  ]);
});

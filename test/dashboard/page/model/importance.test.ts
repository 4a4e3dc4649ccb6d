import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importances, mostGroups } from '../../../../src/dashboard/page/model/importance.ts';

interface Observation {
  readonly value: number;
  readonly axes: Readonly<Record<string, unknown>>;
}

/** η² the other way round: 1 − what lies within the groups over all, each as squares of pairwise differences. */
function etaSquared(parameter: string, runs: readonly Observation[], groupOf = (value: unknown) => value): number {
  const spread = (values: readonly number[]) => {
    let squares = 0;
    for (const a of values) for (const b of values) squares += (a - b) ** 2;
    return squares / (2 * values.length);
  };
  let within = 0;
  const groups = new Set(runs.map(({ axes }) => groupOf(axes[parameter])));
  for (const group of groups) {
    within += spread(runs.filter(({ axes }) => groupOf(axes[parameter]) === group).map(({ value }) => value));
  }
  return 1 - within / spread(runs.map(({ value }) => value));
}

/** Runs on a full grid, with numbers and words as parameters. */
const fullGrid = fc
  .record({
    a: fc.integer({ min: 1, max: 4 }),
    b: fc.integer({ min: 1, max: 4 }),
    seeds: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ a, b, seeds }) =>
    fc
      .array(fc.integer({ min: -50, max: 50 }), { minLength: a * b * seeds, maxLength: a * b * seeds })
      .map((values) =>
        values.map(
          (value, i): Observation => ({ value: value / 8, axes: { a: i % a, b: `b${Math.floor(i / a) % b}` } }),
        ),
      ),
  );

describe('on a full grid', () => {
  test('shares are those of an analysis of variance, the greatest first', () => {
    fc.assert(
      fc.property(fullGrid, (runs) => {
        fc.pre(new Set(runs.map(({ value }) => value)).size > 1);
        const found = importances(['a', 'b'], runs);
        expect(found).toHaveLength(2);
        for (const { parameter, share } of found) expect(share).toBeCloseTo(etaSquared(parameter, runs), 9);
        expect(found[0]?.share).toBeGreaterThanOrEqual(found[1]?.share ?? 1);
      }),
    );
  });

  test('shares add up to at most 1, to 1 without interaction', () => {
    const total = (runs: readonly Observation[]) =>
      importances(['a', 'b'], runs).reduce((sum, { share }) => sum + share, 0);
    fc.assert(
      fc.property(fullGrid, (runs) => {
        expect(total(runs)).toBeLessThan(1 + 1e-9);
      }),
    );
    const additive = [0, 1, 2].flatMap((a) => [0, 5, 7].map((b) => ({ value: a * a + b, axes: { a, b } })));
    expect(total(additive)).toBeCloseTo(1, 12);
  });

  test('two by two is as by hand', () => {
    // Mean 4.5, of a 1.5 and 7.5, of b 3 and 6: squares 49, 4 · 3² = 36 and 4 · 1.5² = 9; the interaction has 4.
    const runs = [1, 2, 5, 10].map((value, i) => ({ value, axes: { a: i >> 1, b: i & 1 } }));
    const [first, second] = importances(['b', 'a'], runs);
    expect(first?.parameter).toBe('a');
    expect(first?.share).toBeCloseTo(36 / 49, 12);
    expect(second?.share).toBeCloseTo(9 / 49, 12);
  });
});

test('groups may differ in size', () => {
  // Means 2 and 6 of 3 and 1 runs, 3 of all: 3 · 1² + 1 · 3² = 12 of 4 + 1 + 0 + 9 = 14.
  const runs = [1, 2, 3, 6].map((value, i) => ({ value, axes: { pooling: i < 3 ? 'cls' : 'mean' } }));
  expect(importances(['pooling'], runs)[0]?.share).toBeCloseTo(12 / 14, 12);
});

test('the order of the runs does not matter', () => {
  fc.assert(
    fc.property(
      fullGrid.chain((runs) => fc.tuple(fc.constant(runs), fc.shuffledSubarray(runs, { minLength: runs.length }))),
      ([runs, shuffled]) => {
        const of = (list: readonly Observation[]) =>
          Object.fromEntries(
            importances(['a', 'b'], list).map(({ parameter, share }) => [parameter, share.toFixed(9)]),
          );
        expect(of(shuffled)).toEqual(of(runs));
      },
    ),
  );
});

test('nothing varies, nothing matters', () => {
  expect(importances(['a'], [])).toEqual([]);
  expect(importances(['a'], [{ value: 3, axes: { a: 1 } }])).toEqual([]);
  // Their mean is none of them: 0.1 + 0.1 + 0.1 is more than 0.3.
  for (const n of [3, 6, 10, 49]) {
    const runs = Array.from({ length: n }, (_, i) => ({ value: 0.1, axes: { a: i % 3 } }));
    expect(importances(['a'], runs)).toEqual([]);
  }
});

test('a parameter of one value, or that no run has, has no share', () => {
  const runs = [1, 2, 4].map((value) => ({ value, axes: { a: 'same' } }));
  expect(importances(['a', 'b'], runs).map(({ share }) => share)).toEqual([0, 0]);
});

describe('of many different values', () => {
  const count = 10 * mostGroups;

  test('numbers are taken in stretches of equally many', () => {
    // y = x, in groups of 10 neighbours: n (n² − 1) / 12 squares lie within n of them.
    const runs = Array.from({ length: count }, (_, i) => ({ value: i, axes: { rate: i / 1000 } }));
    const squares = (n: number) => (n * (n * n - 1)) / 12;
    const share = 1 - (mostGroups * squares(10)) / squares(count);
    expect(importances(['rate'], runs)[0]?.share).toBeCloseTo(share, 12);
    expect(importances(['rate'], runs.toReversed())[0]?.share).toBeCloseTo(share, 12);
  });

  test('a number keeps its group however often it occurs', () => {
    const numbers = fc.array(
      fc.record({ value: fc.integer({ min: 0, max: 9 }), rate: fc.integer({ min: -15, max: 15 }) }),
      { minLength: 30, maxLength: 60 },
    );
    fc.assert(
      fc.property(numbers, (list) => {
        const different = [...new Set(list.map(({ rate }) => rate))].sort((a, b) => a - b);
        fc.pre(different.length > mostGroups && new Set(list.map(({ value }) => value)).size > 1);
        const runs = list.map(({ value, rate }) => ({ value, axes: { rate } }));
        const groupOf = (value: unknown) =>
          Math.floor((different.indexOf(Number(value)) * mostGroups) / different.length);
        expect(importances(['rate'], runs)[0]?.share).toBeCloseTo(etaSquared('rate', runs, groupOf), 9);
      }),
    );
  });

  test('up to a bound numbers are groups of their own, and words always', () => {
    const few = Array.from({ length: mostGroups }, (_, i) => ({ value: i * i, axes: { rate: i } }));
    expect(importances(['rate'], few)[0]?.share).toBeCloseTo(1, 12);
    const words = Array.from({ length: count }, (_, i) => ({ value: i * i, axes: { name: `w${i}` } }));
    expect(importances(['name'], words)[0]?.share).toBeCloseTo(1, 12);
  });
});

test('equal objects are one value', () => {
  const runs = [1, 3, 5, 7].map((value, i) => ({ value, axes: { head: { kind: i < 2 ? 'linear' : 'mlp' } } }));
  expect(importances(['head'], runs)[0]?.share).toBeCloseTo(16 / 20, 12);
});

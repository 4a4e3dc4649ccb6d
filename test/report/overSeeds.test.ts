import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differenceOf, isCounted, ofEachMetric, optimalPoints, summaryOf } from '../../src/report/overSeeds.ts';
import { naiveSummary } from '../dashboard/madeUpSweep.ts';

const f1 = 'knn.macroF1';
const run = (value?: number) => ({ metrics: value === undefined ? {} : { [f1]: value } });
const values = fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 1, maxLength: 8 });

test('runs that were completed or stopped count', () => {
  expect(['completed', 'stopped'].every(isCounted)).toBe(true);
  const others = ['diverged', 'failed', 'broken', 'running', 'interrupted', 'waiting', '', 'Completed'];
  expect(others.some(isCounted)).toBe(false);
});

function expectSummary(
  found: { mean: number; halfWidth: number | null; n: number } | undefined,
  list: readonly number[],
): void {
  const { mean, halfWidth, n } = naiveSummary(list);
  expect(found?.mean).toBeCloseTo(mean, 9);
  expect(found?.n).toBe(n);
  if (halfWidth === null) expect(found?.halfWidth).toBeNull();
  else expect(found?.halfWidth).toBeCloseTo(halfWidth, 6);
}

describe('summaryOf', () => {
  test('is the mean and its t-interval', () => {
    fc.assert(
      fc.property(values, (list) => {
        expectSummary(summaryOf(list.map(run), f1, 't'), list);
      }),
    );
  });

  test('has a bootstrap interval only if asked', () => {
    const runs = [1, 2, 4].map(run);
    expect(summaryOf(runs, f1, 't')).not.toHaveProperty('bootstrap');
    expect(summaryOf(runs, f1, 'bootstrap')?.bootstrap).toEqual({ low: 1, high: 4 });
  });

  test.each([
    ['no run', []],
    ['a run without it', [run(1), run()]],
    ['NaN', [run(Number.NaN), run(1)]],
    ['an infinity', [run(1), run(Number.NEGATIVE_INFINITY)]],
  ])('there is none of %s', (_, runs) => {
    expect(summaryOf(runs, f1, 't')).toBeUndefined();
    expect(summaryOf(runs, f1, 'bootstrap')).toBeUndefined();
  });
});

describe('differenceOf', () => {
  test('is of the pairs', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(64), fc.nat(64)), { minLength: 1, maxLength: 8 }), (list) => {
        const found = differenceOf(
          list.map(([a, b]) => ({ run: run(a), baseline: run(b) })),
          f1,
          't',
        );
        const differences = list.map(([a, b]) => a - b);
        expect(found?.values).toEqual(differences);
        expectSummary(found, differences);
      }),
    );
  });

  test.each([
    ['no pair', []],
    ['a run without it', [{ run: run(), baseline: run(1) }]],
    ['a baseline without it', [{ run: run(1), baseline: run() }]],
    [
      'one pair that is not finite',
      [
        { run: run(1), baseline: run(1) },
        { run: run(Number.POSITIVE_INFINITY), baseline: run(Number.POSITIVE_INFINITY) },
      ],
    ],
  ])('there is none of %s', (_, pairs) => {
    expect(differenceOf(pairs, f1, 't')).toBeUndefined();
  });
});

describe('ofEachMetric', () => {
  test('has what is measured of the first run’s metrics, in their order', () => {
    const runs = [{ metrics: { b: 1, a: 2, c: 3 } }, { metrics: { d: 4 } }];
    const found = ofEachMetric(runs, (metric) => (metric === 'a' ? undefined : `${metric}!`));
    expect(Object.entries(found)).toEqual([
      ['b', 'b!'],
      ['c', 'c!'],
    ]);
  });

  test('keeps what is false, and has nothing of nothing', () => {
    expect(ofEachMetric([{ metrics: { a: 1, b: 2 } }], (metric) => (metric === 'a' ? 0 : null))).toEqual({
      a: 0,
      b: null,
    });
    expect(ofEachMetric([], () => 1)).toEqual({});
  });
});

describe('optimalPoints', () => {
  const point = fc.record({
    gain: fc.integer({ min: -2, max: 4 }),
    cost: fc.nat(5),
    original: fc.constantFrom('a', 'b', null),
  });

  test('are those that no rival with the same original beats, the original included', () => {
    const originals = new Map<string | null, { gain: number; cost: number }>([
      ['a', { gain: 0, cost: 0 }],
      [null, { gain: 1, cost: 2 }],
    ]);
    fc.assert(
      fc.property(fc.array(point, { maxLength: 10 }), (points) => {
        const optimal = optimalPoints(points, (original) => originals.get(original));
        for (const own of points) {
          let isBeaten = false;
          const rivals: { gain: number; cost: number }[] = points.filter(({ original }) => original === own.original);
          const original = originals.get(own.original);
          for (const rival of original ? [...rivals, original] : rivals) {
            const [more, less] = [rival.gain - own.gain, own.cost - rival.cost];
            if (more >= 0 && less >= 0 && more + less > 0) isBeaten = true;
          }
          expect(optimal.has(own)).toBe(!isBeaten);
        }
      }),
    );
  });

  test('equal points share their fate, and are two', () => {
    const twins = [0, 1].map(() => ({ gain: 1, cost: 1, original: 'a' }));
    expect(optimalPoints(twins, () => undefined).size).toBe(2);
    expect(optimalPoints(twins, () => ({ gain: 1, cost: 0 })).size).toBe(0);
    expect(optimalPoints([], () => undefined).size).toBe(0);
  });
});

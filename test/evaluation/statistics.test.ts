import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bootstrapIntervals,
  holm,
  pairedDifference,
  paretoFront,
  signFlipTest,
  summary,
} from '../../src/evaluation/statistics.ts';
import { stream } from '../../src/random.ts';
import golden from './golden/intervals.json' with { type: 'json' };
import significance from './golden/significance.json' with { type: 'json' };

describe('summary', () => {
  it.each(
    golden.map((example) => [example.values.length, example] as const),
  )('gives SciPy’s t interval for %i values', (n, { values, mean, halfWidth }) => {
    const measured = summary(values);
    expect(measured.n).toBe(n);
    expect(measured.mean).toBeCloseTo(mean, 12);
    expect(measured.halfWidth).toBeCloseTo(halfWidth, 10);
  });

  it('knows no interval for a single value', () => {
    expect(summary([0.25])).toEqual({ mean: 0.25, halfWidth: null, n: 1 });
  });

  it('is sure of values that never vary', () => {
    expect(summary([3, 3, 3])).toEqual({ mean: 3, halfWidth: 0, n: 3 });
  });

  it.each([[[]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY]]])('refuses %j', (values) => {
    expect(() => summary(values)).toThrow('expected at least one value, all finite');
  });
});

describe('summary by the bootstrap', () => {
  it('reaches from the least to the largest of three values', () => {
    // All three drawings hit the same value in 1 of 27 cases.
    expect(summary([2, 9, 4], 'bootstrap')).toMatchObject({ mean: 5, n: 3, bootstrap: { low: 2, high: 9 } });
  });

  it('holds 95 % of the means of all drawings', () => {
    const values = [0.31, 0.48, 0.37, 0.44, 0.29];
    let means = [0];
    for (const _ of values) means = means.flatMap((sum) => values.map((value) => sum + value / values.length));
    const { low = 0, high = 0 } = summary(values, 'bootstrap').bootstrap ?? {};
    const below = means.filter((mean) => mean < low).length / means.length;
    const above = means.filter((mean) => mean > high).length / means.length;
    // One mean may stand for a percent of all drawings.
    expect(Math.abs(below - 0.025)).toBeLessThan(0.015);
    expect(Math.abs(above - 0.025)).toBeLessThan(0.015);
  });

  it('is as wide as the t-interval of many values, and is always the same', () => {
    const values = Array.from({ length: 200 }, (_, i) => Math.sin(i * 7.3));
    const { bootstrap, halfWidth } = summary(values, 'bootstrap');
    const width = ((bootstrap?.high ?? 0) - (bootstrap?.low ?? 0)) / 2;
    expect(width / (halfWidth ?? 1)).toBeCloseTo(1, 1);
    expect(summary(values, 'bootstrap').bootstrap).toEqual(bootstrap);
  });

  it('gives none for a single value', () => {
    expect(summary([1], 'bootstrap')).toEqual(summary([1]));
  });
});

describe('pairedDifference', () => {
  it('takes the differences pair by pair', () => {
    const { values, mean, n, halfWidth } = pairedDifference([3, 5, 9], [1, 4, 6]);
    expect(values).toEqual([2, 1, 3]);
    expect({ mean, n }).toEqual({ mean: 2, n: 3 });
    expect(halfWidth).toBeCloseTo(summary([2, 1, 3]).halfWidth ?? Number.NaN, 12);
  });

  it('is surer than the series where both vary together', () => {
    const before = [1, 5, 9];
    const after = [2.1, 6, 9.9];
    expect(pairedDifference(after, before).halfWidth).toBeLessThan(summary(after).halfWidth ?? Number.NaN);
  });

  it('refuses series of different lengths', () => {
    expect(() => pairedDifference([1, 2], [1])).toThrow('cannot pair 2 values with 1');
  });
});

describe('paretoFront', () => {
  it.each([
    ['nothing', [], []],
    ['a single point', [[1, 1]], [true]],
    [
      'a dominated point',
      [
        [2, 1],
        [1, 2],
      ],
      [true, false],
    ],
    [
      'a trade-off',
      [
        [1, 1],
        [2, 2],
      ],
      [true, true],
    ],
    [
      'equal gains',
      [
        [1, 1],
        [1, 2],
      ],
      [true, false],
    ],
    [
      'equal costs',
      [
        [1, 1],
        [2, 1],
      ],
      [false, true],
    ],
    [
      'equal points',
      [
        [1, 1],
        [1, 1],
      ],
      [true, true],
    ],
    [
      'equal points that are dominated',
      [
        [1, 1],
        [1, 1],
        [2, 0],
      ],
      [false, false, true],
    ],
  ])('%s', (_, points, expected) => {
    expect(paretoFront(points.map(([gain = 0, cost = 0]) => ({ gain, cost })))).toEqual(expected);
  });

  const points = fc.array(fc.record({ gain: fc.integer({ min: 0, max: 6 }), cost: fc.integer({ min: 0, max: 6 }) }), {
    minLength: 1,
    maxLength: 20,
  });

  it('holds the best gain and the least cost, and every point outside is beaten by one inside', () => {
    fc.assert(
      fc.property(points, (list) => {
        const marks = paretoFront(list);
        const front = list.filter((_, i) => marks[i]);
        expect(Math.max(...front.map(({ gain }) => gain))).toBe(Math.max(...list.map(({ gain }) => gain)));
        expect(Math.min(...front.map(({ cost }) => cost))).toBe(Math.min(...list.map(({ cost }) => cost)));
        for (const point of list.filter((_, i) => !marks[i])) {
          expect(front.some(({ gain, cost }) => gain >= point.gain && cost <= point.cost)).toBe(true);
        }
        // Along the front more gain costs more.
        const sorted = front.toSorted((a, b) => a.gain - b.gain || a.cost - b.cost);
        for (const [i, point] of sorted.slice(1).entries()) {
          const previous = sorted[i] ?? point;
          expect(point.gain === previous.gain ? point.cost === previous.cost : point.cost > previous.cost).toBe(true);
        }
      }),
    );
  });

  it('refuses what is not a number', () => {
    expect(() => paretoFront([{ gain: Number.NaN, cost: 1 }])).toThrow('expected finite gains and costs');
  });
});

describe('signFlipTest', () => {
  it.each(
    significance.map((example) => [example.values.length, example] as const),
  )('gives SciPy’s exact permutation test for %i differences', (_, { values, pValue }) => {
    expect(signFlipTest(values)).toBeCloseTo(pValue, 10);
  });

  it('cannot fall below 2 / 2ⁿ', () => {
    for (let n = 1; n <= 10; n++) expect(signFlipTest(Array.from({ length: n }, (_, i) => i + 1))).toBe(2 / 2 ** n);
  });

  it('has nothing to say of differences of 0', () => {
    expect(signFlipTest([0, 0, 0])).toBe(1);
  });

  it('is not misled by rounding', () => {
    expect(signFlipTest([0.1, 0.2, 0.3, -0.6])).toBe(1);
  });

  it('draws signs where there are too many to try', () => {
    const random = stream(5, 'differences');
    const of = (n: number, shift: number) => Array.from({ length: n }, () => random.normal() + shift);
    expect(signFlipTest(of(30, 1))).toBeLessThan(0.001);
    expect(signFlipTest(of(30, 0))).toBeGreaterThan(0.05);
    // As the exact test of 16 pairs of the sort has it, within what drawing may do.
    const values = of(17, 0.5);
    expect(signFlipTest(values)).toBe(signFlipTest(values));
  });

  it.each([[[]], [[1, Number.NaN]]])('refuses %j', (values) => {
    expect(() => signFlipTest(values)).toThrow('expected at least one difference, all finite');
  });
});

describe('holm', () => {
  it('gives the values of R’s p.adjust', () => {
    expect(holm([0.01, 0.02, 0.03, 0.04, 0.05]).map((p) => Number(p.toFixed(12)))).toEqual([
      0.05, 0.08, 0.09, 0.09, 0.09,
    ]);
    expect(holm([0.5, 0.001, 0.9]).map((p) => Number(p.toFixed(12)))).toEqual([1, 0.003, 1]);
    expect(holm([])).toEqual([]);
  });

  it('never falls below the p-values, keeps their order, and rejects no more than Bonferroni would lose', () => {
    const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(pValues, (values) => {
        const adjusted = holm(values);
        for (const [i, p] of values.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, p * values.length));
          for (const [j, other] of values.entries()) {
            if (p < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] as number);
          }
        }
      }),
    );
  });
});

describe('bootstrapIntervals', () => {
  const random = stream(3, 'values');
  const values = Float64Array.from({ length: 400 }, () => random.normal());
  const meanOf = (drawn: Int32Array) => drawn.reduce((sum, i) => sum + (values[i] as number), 0) / drawn.length;
  const options = { resamples: 2000, seed: 1 };

  it('of a mean is about ±1.96 standard errors', () => {
    const { mean } = bootstrapIntervals(values.length, (drawn) => ({ mean: meanOf(drawn) }), options);
    const { mean: centre, halfWidth } = summary([...values]);
    expect((mean.high + mean.low) / 2).toBeCloseTo(centre, 1);
    expect((mean.high - mean.low) / 2 / (halfWidth ?? Number.NaN)).toBeGreaterThan(0.9);
    expect((mean.high - mean.low) / 2 / (halfWidth ?? Number.NaN)).toBeLessThan(1.1);
  });

  it('of a paired difference is narrower than of either', () => {
    const figures = (drawn: Int32Array) => ({ one: meanOf(drawn), both: meanOf(drawn) + 0.1 - meanOf(drawn) });
    const { one, both } = bootstrapIntervals(values.length, figures, options);
    expect(one.high - one.low).toBeGreaterThan(0.1);
    expect(both.high - both.low).toBeCloseTo(0, 10);
  });

  it('follows from its seed', () => {
    const at = (seed: number) => bootstrapIntervals(50, (drawn) => ({ mean: meanOf(drawn) }), { resamples: 100, seed });
    expect(at(1)).toEqual(at(1));
    expect(at(1)).not.toEqual(at(2));
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Curve, curve, meanBand } from '../../../../src/dashboard/page/model/curves.ts';
import { smooth } from '../../../../src/dashboard/page/model/smoothing.ts';
import type { Series, WireNumber } from '../../../../src/dashboard/wire.ts';
import { naiveSummary } from '../../madeUpSweep.ts';

/** Ten steps an epoch, two a second. */
function seriesOf(value: readonly WireNumber[]): Series {
  const step = value.map((_, i) => i + 1);
  return { step, epoch: step.map((i) => Math.floor(i / 10)), seconds: step.map((i) => i / 2), value };
}

const asIs = { against: 'step', smoothing: 0, most: 1000 } as const;
const curveOf = (points: readonly (readonly [number, number])[]): Curve => ({ points, notFinite: [] });

describe('curve', () => {
  test.each(['step', 'seconds'] as const)('is drawn against %s', (against) => {
    const series = seriesOf([5, 4, 3]);
    const xs = { step: [1, 2, 3], seconds: [0.5, 1, 1.5] }[against];
    expect(curve(series, { ...asIs, against }).points).toEqual([5, 4, 3].map((y, i) => [xs[i], y]));
  });

  test('against epochs is the mean of each, of what is finite', () => {
    const value: WireNumber[] = Array.from({ length: 35 }, (_, i) => (i % 7 === 3 ? 'NaN' : i * i));
    for (let i = 19; i < 29; i++) value[i] = 'Infinity';
    const means = [0, 1, 2, 3].map((epoch) => {
      // Steps count from 1.
      const own = value.filter((each, i) => Math.floor((i + 1) / 10) === epoch && typeof each === 'number').map(Number);
      return [epoch, own.reduce((sum, each) => sum + each, 0) / own.length];
    });
    const drawn = curve(seriesOf(value), { ...asIs, against: 'epoch' });
    expect(drawn.points).toEqual([means[0], means[1], means[3]]);
    expect(drawn.notFinite).toEqual([{ x: 2, y: means[1]?.[1], value: Number.NaN }]);
  });

  test('what is not finite stands at the height of the last value that was', () => {
    expect(curve(seriesOf(['NaN', 3, '-Infinity', 'NaN', 7, 'Infinity']), asIs)).toEqual({
      points: [
        [2, 3],
        [5, 7],
      ],
      notFinite: [
        { x: 1, y: 3, value: Number.NaN },
        { x: 3, y: 3, value: Number.NEGATIVE_INFINITY },
        { x: 4, y: 3, value: Number.NaN },
        { x: 6, y: 7, value: Number.POSITIVE_INFINITY },
      ],
    });
  });

  test('without any finite value stands at 0', () => {
    expect(curve(seriesOf(['NaN']), asIs)).toEqual({ points: [], notFinite: [{ x: 1, y: 0, value: Number.NaN }] });
    expect(curve(seriesOf([]), asIs)).toEqual({ points: [], notFinite: [] });
  });

  test('is smoothed before it is thinned', () => {
    const value = Array.from({ length: 500 }, (_, i) => Math.sin(i * i));
    const series = seriesOf(value.with(100, Number.NaN).map((each) => (Number.isNaN(each) ? 'NaN' : each)));
    const smoothed = smooth(value.with(100, Number.NaN), 0.9);
    const { points, notFinite } = curve(series, { against: 'step', smoothing: 0.9, most: 40 });
    expect(points.length).toBeLessThanOrEqual(40);
    expect(points.length).toBeGreaterThan(20);
    for (const [x, y] of points) expect(y).toBe(smoothed[x - 1]);
    expect(notFinite).toEqual([{ x: 101, y: smoothed[99], value: Number.NaN }]);
  });
});

describe('meanBand', () => {
  /** Value on the first line between two neighbours that goes over a place. */
  function interpolated(points: Curve['points'], x: number): number | undefined {
    for (const [i, [x1, y1]] of points.entries()) {
      if (x1 === x) return y1;
      const [x2, y2] = points[i + 1] ?? [x1, y1];
      if (x1 < x && x < x2) return (y1 * (x2 - x) + y2 * (x - x1)) / (x2 - x1);
    }
    return undefined;
  }

  const points = fc
    .uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 10 })
    .chain((xs) =>
      fc
        .array(fc.integer({ min: -20, max: 20 }), { minLength: xs.length, maxLength: xs.length })
        .map((ys) => xs.sort((a, b) => a - b).map((x, i) => [x / 4, ys[i] as number] as const)),
    );

  test('is the mean and its interval wherever a curve has a value', () => {
    fc.assert(
      fc.property(fc.array(points, { maxLength: 5 }), (curves) => {
        const bands = meanBand(curves.map(curveOf), 1000);
        const xs = new Set(curves.flat().map(([x]) => x));
        expect(bands.map(({ x }) => x)).toEqual([...xs].sort((a, b) => a - b));
        for (const { x, mean, low, high, n } of bands) {
          const values = curves.map((each) => interpolated(each, x)).filter((value) => value !== undefined);
          const expected = naiveSummary(values);
          expect(n).toBe(values.length);
          expect(mean).toBeCloseTo(expected.mean, 9);
          expect(low).toBeCloseTo(expected.mean - (expected.halfWidth ?? 0), 6);
          expect(high).toBeCloseTo(expected.mean + (expected.halfWidth ?? 0), 6);
        }
      }),
    );
  });

  test('a curve does not count beyond its ends', () => {
    const long = curveOf([
      [0, 0],
      [4, 4],
    ]);
    const short = curveOf([
      [1, 3],
      [3, 3],
    ]);
    expect(meanBand([long, short], 100).map(({ x, mean, n }) => [x, mean, n])).toEqual([
      [0, 0, 1],
      [1, 2, 2],
      [3, 3, 2],
      [4, 4, 1],
    ]);
  });

  test('a single curve has no interval', () => {
    expect(meanBand([curveOf([[1, 5]])], 100)).toEqual([{ x: 1, mean: 5, low: 5, high: 5, n: 1 }]);
  });

  test('of several values at one place, as steps of one epoch have, the last counts', () => {
    const epochs = curveOf([
      [0, 9],
      [0, 8],
      [1, 7],
      [1, 6],
      [2, 5],
      [2, 4],
    ]);
    expect(meanBand([epochs], 100).map(({ x, mean }) => [x, mean])).toEqual([
      [0, 8],
      [1, 6],
      [2, 4],
    ]);
    expect(
      meanBand(
        [
          curveOf([
            [3, 2],
            [3, 1],
          ]),
        ],
        100,
      ),
    ).toMatchObject([{ x: 3, mean: 1 }]);
  });

  test('nothing has no mean', () => {
    expect(meanBand([], 100)).toEqual([]);
    expect(meanBand([curveOf([]), curveOf([])], 100)).toEqual([]);
  });

  test('is thinned to the greatest and least means', () => {
    const ys = Array.from({ length: 900 }, (_, i) => Math.sin(i * i));
    const bands = meanBand([curveOf(ys.map((y, i) => [i, y]))], 24);
    expect(bands.length).toBeLessThanOrEqual(24);
    const means = bands.map(({ mean }) => mean);
    expect([Math.min(...means), Math.max(...means)]).toEqual([Math.min(...ys), Math.max(...ys)]);
    expect([bands[0]?.x, bands.at(-1)?.x]).toEqual([0, 899]);
  });
});

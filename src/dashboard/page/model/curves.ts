import { summary } from '../../../evaluation/statistics.ts';
import { thin } from '../../thinning.ts';
import type { Series } from '../../wire.ts';
import { smooth } from './smoothing.ts';
import { numberOf } from './sweep.ts';

/** What a curve is drawn against. */
export const abscissae = ['step', 'epoch', 'seconds'] as const;
export type Abscissa = (typeof abscissae)[number];

/** A curve as it is drawn. */
export interface Curve {
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Where a value was no number or not finite, at the height of the last one that was. */
  readonly notFinite: readonly { readonly x: number; readonly y: number; readonly value: number }[];
}

export interface CurveOptions {
  readonly against: Abscissa;
  /** Weight of what came before in the moving average; 0: as it is. */
  readonly smoothing: number;
  /** Points that are drawn at most. */
  readonly most: number;
}

/**
 * A metric over the course of a run, smoothed before it is thinned; against epochs the mean of each epoch's finite values.
 */
export function curve(series: Series, { against, smoothing, most }: CurveOptions): Curve {
  const { xs, raw } = against === 'epoch' ? byEpoch(series) : { xs: series[against], raw: series.value.map(numberOf) };
  const values = smooth(raw, smoothing);
  let height = values.find(Number.isFinite) ?? 0;
  const notFinite = values.flatMap((value, i) => {
    if (Number.isFinite(value)) {
      height = value;
      return [];
    }
    return [{ x: xs[i] as number, y: height, value }];
  });
  return { points: thin(values, most).map((i) => [xs[i] as number, values[i] as number]), notFinite };
}

/** An epoch in which nothing is finite has no mean. */
function byEpoch({ epoch, value }: Series): { readonly xs: readonly number[]; readonly raw: readonly number[] } {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const [i, own] of epoch.entries()) {
    const entry = sums.get(own) ?? { sum: 0, count: 0 };
    sums.set(own, entry);
    const number = numberOf(value[i] as Series['value'][number]);
    if (!Number.isFinite(number)) continue;
    entry.sum += number;
    entry.count++;
  }
  return { xs: [...sums.keys()], raw: [...sums.values()].map(({ sum, count }) => sum / count) };
}

/** Mean of several curves and the 95 % interval for it, where there are several. */
export interface Band {
  readonly x: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/**
 * The mean over the seeds of a setting wherever one of them was measured: the others are there on a straight line between
 * their neighbouring values, and do not count beyond their ends.
 */
export function meanBand(curves: readonly Curve[], most: number): Band[] {
  const xs = [...new Set(curves.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const bands = xs.flatMap((x): Band[] => {
    const values = curves.flatMap(({ points }) => at(points, x) ?? []);
    if (values.length === 0) return [];
    const { mean, halfWidth } = summary(values);
    return [{ x, mean, low: mean - (halfWidth ?? 0), high: mean + (halfWidth ?? 0), n: values.length }];
  });
  return thin(
    bands.map(({ mean }) => mean),
    most,
  ).map((i) => bands[i] as Band);
}

/** Value at a place between the points of a curve, which are in the order of x; undefined beyond its ends. */
function at(points: Curve['points'], x: number): number | undefined {
  let [low, high] = [0, points.length - 1];
  if (high < 0 || x < (points[0]?.[0] ?? 0) || x > (points[high]?.[0] ?? 0)) return undefined;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.[0] ?? 0) <= x) low = middle;
    else high = middle;
  }
  const [[x1, y1], [x2, y2]] = [points[low] as readonly [number, number], points[high] as readonly [number, number]];
  if (x === x2 || x1 === x2) return y2;
  return y1 + ((x - x1) / (x2 - x1)) * (y2 - y1);
}

import tQuantile from '@stdlib/stats-base-dists-t-quantile';
import { mean, quantile, sampleStandardDeviation } from 'simple-statistics';
import { stream } from '../random.ts';

/** How the 95 % interval of a mean over seeds is found: by Student's t, or from drawings of the seeds with replacement. */
export const intervalMethods = ['t', 'bootstrap'] as const;
export type IntervalMethod = (typeof intervalMethods)[number];

/** Mean of repeated measurements and how sure it is. */
export interface Summary {
  readonly mean: number;
  /** Half the width of the 95 % interval for the mean by Student's t; null for a single value, which has none. */
  readonly halfWidth: number | null;
  /** The 95 % percentile interval of the bootstrap, where that is asked for and there are several values. */
  readonly bootstrap?: Interval;
  readonly n: number;
}

const meanResamples = 10_000;

/** Summary of the differences of two series that were measured in pairs, e.g. with the same seeds. */
export interface PairedDifference extends Summary {
  readonly values: readonly number[];
}

/**
 * @param values at least one, all finite
 * @param method bootstrap: also by percentiles of the means of values that are drawn anew with replacement, of which little can be expected with few values
 */
export function summary(values: readonly number[], method: IntervalMethod = 't'): Summary {
  if (values.length === 0 || !values.every(Number.isFinite)) {
    throw new RangeError(`expected at least one value, all finite, but got [${values.join(', ')}]`);
  }
  const n = values.length;
  const list = [...values];
  const halfWidth = n === 1 ? null : (tQuantile(0.975, n - 1) * sampleStandardDeviation(list)) / Math.sqrt(n);
  if (method === 't' || n === 1) return { mean: mean(list), halfWidth, n };
  const all = drawingsOf(n);
  const means = Array.from({ length: meanResamples }, (_, drawing) => {
    const drawn = all.subarray(drawing * n, (drawing + 1) * n);
    return drawn.reduce((total, i) => total + (list[i] as number), 0) / n;
  });
  return { mean: mean(list), halfWidth, bootstrap: percentiles(means), n };
}

const drawings = new Map<number, Int32Array>();

/** Items that are drawn of n with replacement, [drawings · n]: the same for all means of n values. */
function drawingsOf(n: number): Int32Array {
  const known = drawings.get(n);
  if (known) return known;
  const random = stream(0, 'bootstrap', n);
  const drawn = Int32Array.from({ length: meanResamples * n }, () => random.integer(n));
  drawings.set(n, drawn);
  return drawn;
}

function percentiles(values: number[]): Interval {
  const [low = Number.NaN, high = Number.NaN] = quantile(values, [0.025, 0.975]);
  return { low, high };
}

/** Summary of `values[i] − baseline[i]`; both series in the order of the pairs. */
export function pairedDifference(
  values: readonly number[],
  baseline: readonly number[],
  method: IntervalMethod = 't',
): PairedDifference {
  if (values.length !== baseline.length) {
    throw new RangeError(`cannot pair ${values.length} values with ${baseline.length}`);
  }
  const differences = values.map((value, i) => value - (baseline[i] as number));
  return { ...summary(differences, method), values: differences };
}

/** The most differences of which all sign flips are tried, and how many are drawn of more. */
const mostExact = 16;
const drawnFlips = 2 ** 16;

/**
 * Two-sided p-value of the sign-flip permutation test for paired differences (Fisher 1935): the share of all ways to
 * choose the differences' signs that make the sum as far from 0 as it is. Assumes nothing but that the differences would be
 * symmetric about 0. Exact for up to 16 differences, and then never below 2 / 2ⁿ; of more, 65,536 choices are drawn, always
 * the same ones, and the one that was observed counts among them.
 *
 * @param differences at least one, all finite
 */
export function signFlipTest(differences: readonly number[]): number {
  const n = differences.length;
  if (n === 0 || !differences.every(Number.isFinite)) {
    throw new RangeError(`expected at least one difference, all finite, but got [${differences.join(', ')}]`);
  }
  const observed = Math.abs(sum(differences));
  // Sums of the same numbers in another order may differ by rounding.
  const least = observed - 1e-12 * sum(differences.map(Math.abs));
  const asFar = (isFlipped: (i: number) => boolean) =>
    Math.abs(differences.reduce((total, value, i) => total + (isFlipped(i) ? -value : value), 0)) >= least;
  let found = 0;
  if (n <= mostExact) {
    for (let signs = 0; signs < 2 ** n; signs++) if (asFar((i) => ((signs >> i) & 1) === 1)) found++;
    return found / 2 ** n;
  }
  const random = stream(0, 'sign flips');
  for (let i = 0; i < drawnFlips; i++) if (asFar(() => random.uniform() < 0.5)) found++;
  return (found + 1) / (drawnFlips + 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * p-values of a family of comparisons, adjusted so that the chance of any false finding is bounded (Holm 1979): the
 * i-th smallest of m times m − i + 1, never less than a smaller one's, at most 1. In the order given.
 */
export function holm(pValues: readonly number[]): number[] {
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  const order = [...pValues.keys()].sort((a, b) => (pValues[a] as number) - (pValues[b] as number));
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues[i] as number) * (pValues.length - rank)));
    adjusted[i] = largest;
  }
  return adjusted;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % percentile intervals of figures that are computed from items drawn anew with replacement (Efron 1979): what other
 * test texts of the same kind would do to them. For a difference of two systems on the same items both see the same
 * drawings, so that the interval is paired.
 *
 * @param figures of the drawn items, which may be there several times
 */
export function bootstrapIntervals<Name extends string>(
  items: number,
  figures: (drawn: Int32Array) => Readonly<Record<Name, number>>,
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
): Record<Name, Interval> {
  const random = stream(seed, 'bootstrap');
  const drawn = new Int32Array(items);
  const series = new Map<Name, number[]>();
  for (let i = 0; i < resamples; i++) {
    for (let j = 0; j < items; j++) drawn[j] = random.integer(items);
    for (const [name, value] of Object.entries(figures(drawn)) as [Name, number][]) {
      const values = series.get(name) ?? [];
      values.push(value);
      series.set(name, values);
    }
  }
  const intervals = {} as Record<Name, Interval>;
  for (const [name, values] of series) {
    intervals[name] = percentiles(values);
  }
  return intervals;
}

/** What something bought, and for how much. */
export interface Tradeoff {
  /** More is better. */
  readonly gain: number;
  /** Less is better. */
  readonly cost: number;
}

/**
 * Whether each point is Pareto optimal: no other has at least its gain at no more cost and is better in one of the two.
 * Equal points share their fate.
 */
export function paretoFront(points: readonly Tradeoff[]): boolean[] {
  if (!points.every(({ gain, cost }) => Number.isFinite(gain) && Number.isFinite(cost))) {
    throw new RangeError('expected finite gains and costs');
  }
  // By rising cost and falling gain a point is beaten by one before it, if at all.
  const order = [...points.keys()].sort((i, j) => {
    const [a, b] = [points[i] as Tradeoff, points[j] as Tradeoff];
    return a.cost - b.cost || b.gain - a.gain;
  });
  const isOptimal = new Array<boolean>(points.length).fill(false);
  let best: Tradeoff | undefined;
  for (const i of order) {
    const point = points[i] as Tradeoff;
    isOptimal[i] = !best || point.gain > best.gain || (point.gain === best.gain && point.cost === best.cost);
    if (!best || point.gain > best.gain) best = point;
  }
  return isOptimal;
}

import {
  type IntervalMethod,
  type PairedDifference,
  pairedDifference,
  paretoFront,
  type Summary,
  summary,
  type Tradeoff,
} from '../evaluation/statistics.ts';

/** What a run contributes to means over seeds. */
export interface Measured {
  readonly metrics: Readonly<Record<string, number>>;
}

/** Two runs whose difference counts: the same seed, or a run and the untouched encoder. */
export interface Pair {
  readonly run: Measured;
  readonly baseline: Measured;
}

/** Whether a run that ended so counts; one that diverged does not. */
export function isCounted(status: string): boolean {
  return status === 'completed' || status === 'stopped';
}

/** A metric over runs; none unless all of them have a finite value, and there are some. */
export function summaryOf(runs: readonly Measured[], metric: string, interval: IntervalMethod): Summary | undefined {
  return haveAll(runs, metric) ? summary(runs.map(figureOf(metric)), interval) : undefined;
}

/** Differences of a metric over pairs; none unless all runs have a finite value, and there are some. */
export function differenceOf(
  pairs: readonly Pair[],
  metric: string,
  interval: IntervalMethod,
): PairedDifference | undefined {
  const runs = pairs.map(({ run }) => run);
  const baselines = pairs.map(({ baseline }) => baseline);
  return haveAll([...runs, ...baselines], metric)
    ? pairedDifference(runs.map(figureOf(metric)), baselines.map(figureOf(metric)), interval)
    : undefined;
}

/** `measure` of each metric of the first run, where it gives something. */
export function ofEachMetric<T>(
  [first]: readonly Measured[],
  measure: (metric: string) => T | undefined,
): Record<string, T> {
  const entries = Object.keys(first?.metrics ?? {}).map((metric) => [metric, measure(metric)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, T] => entry[1] !== undefined));
}

/**
 * The points that nothing of the same original encoder beats in both gain and cost, the original itself included. Drifts of
 * different encoders cannot be compared, so that each original has a front of its own.
 *
 * @param originalOf gain and cost of an original encoder, if they are known
 */
export function optimalPoints<P extends Tradeoff & { readonly original: string | null }>(
  points: readonly P[],
  originalOf: (original: string | null) => Tradeoff | undefined,
): Set<P> {
  const optimal = new Set<P>();
  for (const original of new Set(points.map((point) => point.original))) {
    const rivals = points.filter((point) => point.original === original);
    const baseline = originalOf(original);
    const front = paretoFront([...rivals, ...(baseline ? [baseline] : [])]);
    rivals.forEach((point, i) => {
      if (front[i]) optimal.add(point);
    });
  }
  return optimal;
}

function haveAll(runs: readonly Measured[], metric: string): boolean {
  return runs.length > 0 && runs.map(figureOf(metric)).every(Number.isFinite);
}

function figureOf(metric: string): (run: Measured) => number {
  return ({ metrics }) => metrics[metric] ?? Number.NaN;
}

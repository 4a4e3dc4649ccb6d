import { formatProblem } from '../errors.ts';
import type { IntervalMethod, PairedDifference, Summary } from '../evaluation/statistics.ts';
import { labelOf } from '../sweep/labels.ts';
import { threadsOf } from '../tracking/journal.ts';
import type { CellResult, ExperimentResults, RunSummary } from '../tracking/results.ts';
import { columnMetrics, unknownColumns } from './columns.ts';
import { costMetric, gainMetric } from './metrics.ts';
import { differenceOf, isCounted, ofEachMetric, optimalPoints, type Pair, summaryOf } from './overSeeds.ts';

/** What became of the cells of a row. */
export interface SeedCounts {
  readonly completed: number;
  /** Ended early by `stopWhen`; they count as results. */
  readonly stopped: number;
  /** Finished, but left out of the means. */
  readonly diverged: number;
  /** Failed or no longer readable. */
  readonly failed: number;
  readonly missing: number;
}

/** What was measured for one encoder: the untouched one, or one grid point over its seeds. */
export interface ComparisonRow {
  /** Dotted paths and values. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** Ids of the runs that the means are over. */
  readonly cells: readonly string[];
  /** Each metric over the seeds, e.g. under `knn.macroF1`; empty if nothing is finished. */
  readonly metrics: Readonly<Record<string, Summary>>;
  readonly counts: SeedCounts;
}

export interface PointRow extends ComparisonRow {
  /** Seeds that the means are over, in the order of `cells`. */
  readonly seeds: readonly number[];
  /** Cell of the original encoder that this point is compared with. */
  readonly original: string | null;
  /** Each metric minus that of the original, paired by seed; empty if the original is not finished. */
  readonly differences: Readonly<Record<string, PairedDifference>>;
  /**
   * Whether no other point with the same original, nor the original itself, gains at least as much macro F1 at no
   * more Δemb and is better in one of the two.
   */
  readonly paretoOptimal: boolean;
}

/** What each grid point bought and how far it drifted. Plain data, from which every table is made. */
export interface Comparison {
  readonly experiment: string;
  /** Dotted paths of the swept settings. */
  readonly axes: readonly string[];
  /** Metrics to show, the most important first; empty: the usual ones. */
  readonly columns: readonly string[];
  readonly originals: readonly ComparisonRow[];
  /** In the order of the plan. */
  readonly points: readonly PointRow[];
  readonly interval: IntervalMethod;
  /** What to know before trusting the numbers. */
  readonly warnings: readonly string[];
}

/** Compares each grid point of an experiment with its original encoder. */
export function compare(results: ExperimentResults, interval: IntervalMethod = 't'): Comparison {
  const { experiment, cells } = results;
  const originals = cells.filter(({ cell }) => cell.kind === 'original');
  const points = pointsOf(results).map((group) => pointRow(group, originals, interval));
  const optimal = optimalOf(points);
  const originalRows = originals.map((original) => rowOf([original], interval));
  const measured = [...new Set([...originalRows, ...points].flatMap(({ metrics }) => Object.keys(metrics)))];
  return {
    experiment: experiment.name,
    axes: axesOf(experiment),
    columns: columnMetrics(experiment.columns, measured),
    originals: originalRows,
    interval,
    points: points.map((point) => ({ ...point, paretoOptimal: optimal.has(point) })),
    warnings: [...warningsOf(results), ...unknownColumns(experiment.columns, measured)],
  };
}

/** Dotted paths of the swept settings. */
export function axesOf({ points }: ExperimentResults['experiment']): string[] {
  return [...new Set(points.flatMap(({ axes }) => Object.keys(axes)))];
}

/** The retrofitted cells of each grid point, in the order of the plan. */
export function pointsOf({ cells }: ExperimentResults): CellResult[][] {
  const points = new Map<string, CellResult[]>();
  for (const result of cells) {
    if (result.cell.kind === 'original') continue;
    const place = JSON.stringify(result.cell.axes);
    points.set(place, [...(points.get(place) ?? []), result]);
  }
  return [...points.values()];
}

/** One row over cells with the same place on the axes. */
export function rowOf(group: readonly CellResult[], interval: IntervalMethod): ComparisonRow {
  const runs = usable(group);
  const ends = runs.map(({ end }) => end);
  const counts = { completed: 0, stopped: 0, diverged: 0, failed: 0, missing: 0 };
  for (const { outcome } of group) {
    if (outcome.state === 'finished') counts[outcome.run.end.status]++;
    else counts[outcome.state === 'missing' ? 'missing' : 'failed']++;
  }
  return {
    axes: group[0]?.cell.axes ?? {},
    cells: runs.map(({ start }) => start.cell),
    metrics: ofEachMetric(ends, (metric) => summaryOf(ends, metric, interval)),
    counts,
  };
}

/** A grid point's metrics minus another's, paired over the seeds that both have; no differences if they share none. */
export function comparePoints(
  point: readonly CellResult[],
  baseline: readonly CellResult[],
  interval: IntervalMethod,
): { readonly seeds: readonly number[]; readonly differences: Readonly<Record<string, PairedDifference>> } {
  const baselineOf = new Map(usable(baseline).map((run) => [run.start.seed, run]));
  const pairs = usable(point).flatMap((run) => {
    const other = baselineOf.get(run.start.seed);
    return other ? [{ run, other }] : [];
  });
  return {
    seeds: seedsOf(pairs.map(({ run }) => run)),
    differences: differences(
      pairs.map(({ run, other }) => ({ run: run.end, baseline: other.end })),
      interval,
    ),
  };
}

function pointRow(
  group: readonly CellResult[],
  originals: readonly CellResult[],
  interval: IntervalMethod,
): Omit<PointRow, 'paretoOptimal'> {
  const original = group[0]?.cell.original ?? null;
  const [baseline] = usable(originals.filter(({ cell }) => cell.id === original));
  const runs = usable(group);
  return {
    ...rowOf(group, interval),
    seeds: seedsOf(runs),
    original,
    differences: baseline
      ? differences(
          runs.map((run) => ({ run: run.end, baseline: baseline.end })),
          interval,
        )
      : {},
  };
}

function seedsOf(runs: readonly RunSummary[]): number[] {
  return runs.flatMap(({ start: { seed } }) => (seed === null ? [] : [seed]));
}

/** Finished runs whose numbers count. */
export function usable(cells: readonly CellResult[]): RunSummary[] {
  return cells.flatMap(({ outcome }) =>
    outcome.state === 'finished' && isCounted(outcome.run.end.status) ? [outcome.run] : [],
  );
}

function differences(pairs: readonly Pair[], interval: IntervalMethod): Record<string, PairedDifference> {
  return ofEachMetric(
    pairs.map(({ run }) => run),
    (metric) => differenceOf(pairs, metric, interval),
  );
}

type RatedPoint = Omit<PointRow, 'paretoOptimal'>;

/** By gain and cost; the original encoder gains nothing for nothing. */
function optimalOf(points: readonly RatedPoint[]): Set<RatedPoint> {
  const rated = points.flatMap((point) => {
    const gain = point.differences[gainMetric];
    const cost = point.metrics[costMetric];
    return gain && cost ? [{ point, original: point.original, gain: gain.mean, cost: cost.mean }] : [];
  });
  const optimal = optimalPoints(rated, () => ({ gain: 0, cost: 0 }));
  return new Set([...optimal].map(({ point }) => point));
}

/** What to know before trusting the numbers of an experiment. */
export function warningsOf({ experiment, cells, unplanned }: ExperimentResults): string[] {
  const finished = cells.flatMap(({ outcome }) => (outcome.state === 'finished' ? [outcome.run] : []));
  const missing = cells.filter(({ outcome }) => outcome.state === 'missing').length;
  return [
    ...(missing > 0 ? [`not run yet: ${missing} of ${cells.length} cells; continue with: ${experiment.command}`] : []),
    ...cells.flatMap(({ cell, outcome }) => {
      if (outcome.state === 'failed') return [];
      if (outcome.state === 'broken')
        return outcome.problems.map((problem) => `${labelOf(cell)}: ${formatProblem(problem)}`);
      if (outcome.state === 'missing' || outcome.run.end.status !== 'diverged') return [];
      return [
        `diverged, left out of the means: ${labelOf(cell)}: ${outcome.run.end.reason ?? 'no reason was recorded'}`,
      ];
    }),
    ...failuresOf(cells),
    ...mixed('versions of the code', finished, ({ start }) => start.code),
    ...mixed('engines', finished, ({ start: { engine } }) => `${engine.name} (${engine.detail})`),
    ...mixed('numbers of threads', finished, ({ start }) => String(threadsOf(start))),
    ...(unplanned.length > 0
      ? [`not shown: ${unplanned.length} finished runs that the latest plan does not hold`]
      : []),
  ];
}

/** One line for each different reason, since many cells often fail for the same one. */
function failuresOf(cells: readonly CellResult[]): string[] {
  const labels = new Map<string, string[]>();
  for (const { cell, outcome } of cells) {
    if (outcome.state !== 'failed') continue;
    labels.set(outcome.message, [...(labels.get(outcome.message) ?? []), labelOf(cell)]);
  }
  return [...labels].map(([message, [first = '', ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${others.length} other${others.length === 1 ? '' : 's'}`;
    return `failed: ${first}${more}: ${message}`;
  });
}

/** Says so if runs that stand side by side differ in what their cells do not name. */
function mixed(what: string, runs: readonly RunSummary[], circumstance: (run: RunSummary) => string): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(circumstance(run), (counts.get(circumstance(run)) ?? 0) + 1);
  if (counts.size < 2) return [];
  return [`runs of different ${what}: ${[...counts].map(([name, count]) => `${name} in ${count}`).join(', ')}`];
}

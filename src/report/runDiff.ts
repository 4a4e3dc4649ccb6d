import { summary, type PairedDifference, type Summary } from '../evaluation/statistics.ts';
import type { CellResult, RunSummary } from '../tracking/results.ts';
import { pointDifferences, rowOf } from './comparison.ts';
import { formatDifference, formatSummary, metricTitle } from './metrics.ts';
import { differingSettings, type SettingDifference } from './settings.ts';
import { showValue } from '../sweep/labels.ts';
import type { Colours } from './terminal.ts';
import { textTable } from './textTable.ts';

/** How two runs, or two grid points over their seeds, differ. */
export interface RunDiff {
  /** Settings, and what else the numbers depend on: seed, contents of data and encoder, engine, code. */
  readonly settings: readonly SettingDifference[];
  readonly metrics: readonly MetricDifference[];
  /** The seeds that the differences are paired over; there for points only. */
  readonly commonSeeds?: readonly number[];
}

export interface MetricDifference {
  readonly metric: string;
  readonly a?: Summary;
  readonly b?: Summary;
  /** b − a. */
  readonly difference?: Summary | PairedDifference;
}

export function diffRuns(a: RunSummary, b: RunSummary): RunDiff {
  return {
    settings: differingSettings(circumstances(a), circumstances(b)),
    metrics: sideBySide(
      mapValues(a.end.metrics, single),
      mapValues(b.end.metrics, single),
      mapValues(b.end.metrics, (value, metric) => single(value - (a.end.metrics[metric] ?? Number.NaN))),
    ),
  };
}

/** Differences of points are paired over the seeds that both have; diverged and failed runs are left out. */
export function diffPoints(a: readonly CellResult[], b: readonly CellResult[]): RunDiff {
  const [rowA, rowB] = [rowOf(a), rowOf(b)];
  const [runA, runB] = [runsOf(a), runsOf(b)];
  const commonSeeds = commonSeedsOf(a, b);
  const withoutSeed = (run: RunSummary | undefined) => (run ? { ...circumstances(run), seed: undefined } : {});
  return {
    settings: differingSettings(withoutSeed(runA[0]), withoutSeed(runB[0])),
    metrics: sideBySide(rowA.metrics, rowB.metrics, pointDifferences(b, a)),
    commonSeeds,
  };
}

import {
  holm,
  type Interval,
  type IntervalMethod,
  type PairedDifference,
  type Summary,
  signFlipTest,
} from '../evaluation/statistics.ts';
import { showValue } from '../sweep/labels.ts';
import { threadsOf } from '../tracking/journal.ts';
import type { CellResult, Run, RunSummary } from '../tracking/results.ts';
import { comparePoints, rowOf, usable } from './comparison.ts';
import { intervalLegend } from './comparisonColumns.ts';
import {
  costMetric,
  directionLegend,
  directionMark,
  formatDifference,
  formatInterval,
  formatSummary,
  gainMetric,
  metricTitle,
} from './metrics.ts';
import { intervalsOverTexts, resamples } from './overTexts.ts';
import { differingSettings, type SettingDifference } from './settings.ts';
import type { Colours } from './terminal.ts';
import { figureColumn, textColumn, textTable } from './textTable.ts';

/** How two runs, or two grid points over their seeds, differ. */
export interface RunDiff {
  /** Settings, and what else the numbers depend on: seed, contents of data and encoder, engine, code. */
  readonly settings: readonly SettingDifference[];
  readonly metrics: readonly MetricDifference[];
  /** The seeds that the differences are paired over; there for points only. */
  readonly commonSeeds?: readonly number[];
  /** How the intervals of points are found. */
  readonly interval?: IntervalMethod;
}

export interface MetricDifference {
  readonly metric: string;
  readonly a?: Summary;
  readonly b?: Summary;
  /** b − a. */
  readonly difference?: Summary;
  /** Of a sign-flip test of the differences, adjusted for all tested metrics by Holm's method. */
  readonly pValue?: number;
  /** 95 % interval of the difference over other test texts; there for the scores of classifiers in two runs. */
  readonly overTexts?: Interval;
}

/** Seeds from which a sign-flip test can fall below .05. */
const fewestForTest = 6;

type Summaries = Readonly<Record<string, Summary>>;

export function diffRuns(a: Run, b: Run): RunDiff {
  const single = (value: number): Summary => ({ mean: value, halfWidth: null, n: 1 });
  const values = (run: RunSummary) => mapValues(run.end.metrics, single);
  const differences = mapValues(b.end.metrics, (value, metric) =>
    single(value - (a.end.metrics[metric] ?? Number.NaN)),
  );
  const overTexts = intervalsOverTexts(a.predictions, b.predictions);
  return {
    settings: differingSettings(conditions(a), conditions(b)),
    metrics: sideBySide(values(a), values(b), differences).map((row) => {
      const interval = overTexts.get(row.metric);
      return interval ? { ...row, overTexts: interval } : row;
    }),
  };
}

export interface PointDiffOptions {
  /** Metrics whose differences are tested, as one family: few, since each takes from the others' power. */
  readonly tested?: readonly string[] | undefined;
  /** Default: t. */
  readonly interval?: IntervalMethod | undefined;
}

/**
 * Differences of points are paired over the seeds that both have; diverged and failed runs are left out.
 */
export function diffPoints(
  a: readonly CellResult[],
  b: readonly CellResult[],
  { tested = [costMetric, gainMetric], interval = 't' }: PointDiffOptions = {},
): RunDiff {
  const conditionsOf = ([first]: readonly RunSummary[]) => (first ? { ...conditions(first), seed: undefined } : {});
  const { seeds, differences } = comparePoints(b, a, interval);
  const pValues = adjustedPValues(differences, tested);
  return {
    settings: differingSettings(conditionsOf(usable(a)), conditionsOf(usable(b))),
    metrics: sideBySide(rowOf(a, interval).metrics, rowOf(b, interval).metrics, differences).map((row) => {
      const pValue = pValues.get(row.metric);
      return pValue === undefined ? row : { ...row, pValue };
    }),
    commonSeeds: seeds,
    interval,
  };
}

function adjustedPValues(
  differences: Readonly<Record<string, PairedDifference>>,
  family: readonly string[],
): ReadonlyMap<string, number> {
  const tested = family.flatMap((metric) => {
    const values = differences[metric]?.values ?? [];
    return values.length >= fewestForTest ? [{ metric, values }] : [];
  });
  const adjusted = holm(tested.map(({ values }) => signFlipTest(values)));
  return new Map(tested.map(({ metric }, i) => [metric, adjusted[i] as number]));
}

/** The diff for a terminal. */
export function diffText(diff: RunDiff, labels: { readonly a: string; readonly b: string }, colours: Colours): string {
  const settings =
    diff.settings.length === 0
      ? 'All settings are the same.'
      : textTable(
          [textColumn('what differs'), textColumn('a'), textColumn('b')],
          diff.settings.map(({ path, a, b }) => [path, showSetting(a), showSetting(b)]),
          colours,
        );
  const tested = diff.metrics.some(({ pValue }) => pValue !== undefined);
  const resampled = diff.metrics.some(({ overTexts }) => overTexts !== undefined);
  const metrics = textTable(
    [
      textColumn('metric'),
      textColumn(''),
      figureColumn('a'),
      figureColumn('b'),
      figureColumn('b − a'),
      ...(tested ? [figureColumn('p')] : []),
      ...(resampled ? [figureColumn('over texts')] : []),
    ],
    diff.metrics.map(({ metric, a, b, difference, pValue, overTexts }) => [
      metricTitle(metric),
      directionMark(metric),
      a ? formatSummary(metric, a) : '–',
      b ? formatSummary(metric, b) : '–',
      difference ? formatDifference(metric, difference) : '–',
      ...(tested ? [pValue === undefined ? '–' : pValue.toFixed(3)] : []),
      ...(resampled ? [overTexts ? formatInterval(metric, overTexts) : '–'] : []),
    ]),
    colours,
  );
  return [
    `a  ${labels.a}`,
    `b  ${labels.b}`,
    '',
    settings,
    '',
    metrics,
    ...[directionLegend, ...pairing(diff), ...(tested ? [testLegend] : []), ...(resampled ? [resampleLegend] : [])].map(
      (line) => colours.dim(line),
    ),
  ].join('\n');
}

const testLegend =
  'p: two-sided sign-flip test of the paired differences, adjusted for all metrics that have one (Holm).';
const resampleLegend = `over texts: 95 % interval of the difference, had the test texts been others like them (paired bootstrap, ${resamples} drawings).`;

function pairing({ commonSeeds, interval = 't' }: RunDiff): string[] {
  if (commonSeeds === undefined) return [];
  if (commonSeeds.length === 0) return ['', 'The points have no finished seed in common: nothing can be paired.'];
  const seeds = `b − a is paired over ${commonSeeds.length === 1 ? 'seed' : 'the seeds'} ${commonSeeds.join(', ')}`;
  return [
    '',
    commonSeeds.length === 1 ? `${seeds}: no interval.` : `${seeds}; ${intervalLegend[interval]} of the mean.`,
  ];
}

/** Everything that a run's numbers depend on, under one object. */
export function conditions({ start }: RunSummary): Record<string, unknown> {
  const { settings, seed, engine, code, data, encoder } = start;
  return {
    ...settings,
    seed,
    'data.hash': data.hash,
    'encoder.hash': encoder.hash,
    engine: `${engine.name} (${engine.detail})`,
    threads: threadsOf(start),
    code,
  };
}

function sideBySide(a: Summaries, b: Summaries, differences: Summaries): MetricDifference[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].map((metric) => {
    const [ofA, ofB, difference] = [a[metric], b[metric], differences[metric]];
    return {
      metric,
      ...(ofA && { a: ofA }),
      ...(ofB && { b: ofB }),
      ...(ofA && ofB && difference && { difference }),
    };
  });
}

function mapValues<T, U>(object: Readonly<Record<string, T>>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
}

function showSetting(value: unknown): string {
  return value === undefined ? '–' : showValue(value);
}

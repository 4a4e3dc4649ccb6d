import type { IntervalMethod } from '../evaluation/statistics.ts';
import { shortNames, showValue } from '../sweep/labels.ts';
import type { Comparison, ComparisonRow, PointRow, SeedCounts } from './comparison.ts';
import { costMetric, formatDifference, formatSummary, gainMetric, metricTitle } from './metrics.ts';
import type { TextColumn } from './textTable.ts';

/** A row of the comparison as a table shows it: `point` is there unless it is an original encoder. */
export interface TableRow {
  readonly row: ComparisonRow;
  readonly point?: PointRow;
}

export interface ComparisonColumn extends TextColumn {
  /** Where room is short, the column with the lowest rank goes first; columns without one always stay. */
  readonly rank?: number;
  cell(row: TableRow): string;
}

/** Marks what is Pareto optimal. */
export const star = '★';
const nothing = '–';

export function comparisonRows({ originals, points }: Comparison): TableRow[] {
  return [...originals.map((row) => ({ row })), ...points.map((point) => ({ row: point, point }))];
}

/** The columns of the comparison, for every kind of table. */
export function comparisonColumns(comparison: Comparison): ComparisonColumn[] {
  return [
    ...placeColumns(comparison),
    metricColumn(costMetric),
    ...(comparison.columns.length > 0 ? chosenColumns(comparison) : usualColumns),
    { title: 'n', align: 'right', cell: ({ row }) => seedCount(row) },
  ];
}

/** Values of the experiment's metrics and, where there is room, how far they are above those that the original has. */
function chosenColumns(comparison: Comparison): ComparisonColumn[] {
  const { columns: metrics } = comparison;
  const { titles } = chosenTitles(metrics);
  return metrics.flatMap((metric, i) => [
    {
      ...metricColumn(metric),
      title: titles[i] as string,
      ...(i > 0 && { rank: metrics.length - i + metrics.length }),
    },
    ...(hasGains(comparison, metric) ? [{ ...gainColumn(metric), rank: metrics.length - i }] : []),
  ]);
}

/** A trained head's metrics have none: the untouched encoder has no such head. */
function hasGains({ originals, points }: Comparison, metric: string): boolean {
  const isMeasured = points.some(({ metrics }) => metric in metrics);
  const mayBeInOriginal = originals.some(({ metrics, cells }) => cells.length === 0 || metric in metrics);
  return !isMeasured || originals.length === 0 || mayBeInOriginal;
}

const classifierTitles: Readonly<Record<string, string>> = {
  knn: 'kNN',
  logisticRegression: 'regression',
  fineTuning: 'fine-tuned',
  multiTask: 'multi-task',
};

/** Titles of metrics, and what all metrics of a classifier or of downstream tasks have in common, which their titles then leave out. */
function chosenTitles(metrics: readonly string[]): { readonly titles: readonly string[]; readonly common?: string } {
  const parts = metrics.map((metric) => {
    const names = metric.split('.');
    const [by = '', measure = ''] = names.slice(-2);
    return {
      task: names.slice(0, -2).join('.'),
      by: classifierTitles[by] ?? by.replace(/^fewShot(\d+)$/, '$1-shot'),
      measure,
    };
  });
  if (metrics.length > 0 && metrics.every((metric) => /^(classifier|affect)\./.test(metric))) {
    const titles = metrics.map((metric) => metricTitle(metric).replace(/^classifier /, ''));
    return { titles, common: 'scores of the trained heads' };
  }
  if (metrics.length < 2 || parts.some(({ task }) => task === '')) return { titles: metrics.map(metricTitle) };
  const [first] = parts;
  const sameTask = parts.every(({ task }) => task === first?.task);
  const sameMeasure = parts.every(({ measure }) => measure === first?.measure);
  const titleOf = (measure: string) => metricTitle(`knn.${measure}`).replace(/^knn\./, '');
  const titles = parts.map(({ task, by, measure }) =>
    [...(sameTask ? [] : [task]), by, ...(sameMeasure ? [] : [titleOf(measure)])].join(' '),
  );
  const common = [
    ...(sameMeasure && first ? [titleOf(first.measure)] : []),
    ...(sameTask && first ? [`on ${first.task}`] : []),
  ].join(' ');
  return common === '' ? { titles } : { titles, common };
}

/** What stands behind a mean. */
export const intervalLegend: Readonly<Record<IntervalMethod, string>> = {
  t: '±: 95 % t-interval',
  bootstrap: '[ ]: 95 % bootstrap interval',
};

/** How to read the table. */
export function comparisonLegend(comparison: Comparison): string[] {
  const { points, columns, interval: method } = comparison;
  const interval = points.some(({ cells }) => cells.length > 1)
    ? `${intervalLegend[method]} over n seeds.`
    : 'One seed: no interval can be given.';
  return [
    `Δemb: mean squared change of a test text's embedding per dimension; 0: untouched. ${interval}`,
    ...(columns.length > 0
      ? chosenLegend(comparison)
      : [
          `gain: points over the original encoder, paired by seed. ${star}: nothing gains as much macro F1 for as little Δemb.`,
        ]),
  ];
}

function chosenLegend(comparison: Comparison): string[] {
  const { columns } = comparison;
  const { common } = chosenTitles(columns);
  const sentences = [
    ...(common === undefined ? [] : [`Columns: ${common}.`]),
    ...(columns.some((metric) => hasGains(comparison, metric))
      ? ['gain: what is above the original encoder, paired by seed.']
      : []),
  ];
  return sentences.length > 0 ? [sentences.join(' ')] : [];
}

/** A column for each axis. The original stands in the first that it has no place on, or else in one of its own. */
function placeColumns({ axes, originals }: Comparison): ComparisonColumn[] {
  const names = shortNames(axes);
  const free = axes.find((path) => originals.every((original) => !(path in original.axes)));
  const columns = axes.map(
    (path): ComparisonColumn => ({
      title: names.get(path) ?? path,
      align: 'right',
      cell: ({ row, point }) => {
        if (path in row.axes) return showValue(row.axes[path]);
        return path === free && !point ? 'original' : '';
      },
    }),
  );
  if (free !== undefined) return columns;
  return [{ title: 'encoder', align: 'left', cell: ({ point }) => (point ? 'retrofitted' : 'original') }, ...columns];
}

function metricColumn(metric: string): ComparisonColumn {
  return {
    title: metricTitle(metric),
    align: 'right',
    cell: ({ row }) => {
      const summary = row.metrics[metric];
      return summary ? formatSummary(metric, summary) : nothing;
    },
  };
}

function gainColumn(metric: string): ComparisonColumn {
  return {
    title: 'gain',
    align: 'right',
    cell: ({ point }) => {
      const difference = point?.differences[metric];
      if (difference) return formatDifference(metric, difference);
      return point ? nothing : '';
    },
  };
}

/** `3`, or `2/3` if not every seed counts. */
function seedCount({ cells, counts }: ComparisonRow): string {
  const planned = totalOf(counts);
  return cells.length === planned ? String(planned) : `${cells.length}/${planned}`;
}

function totalOf(counts: SeedCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

const usualColumns: readonly ComparisonColumn[] = [
  { ...metricColumn('drift.deltaCos'), rank: 1 },
  { ...metricColumn('knn.accuracy'), rank: 3 },
  { ...gainColumn('knn.accuracy'), rank: 2 },
  metricColumn(gainMetric),
  gainColumn(gainMetric),
  { title: star, align: 'left', cell: ({ point }) => (point?.paretoOptimal ? star : '') },
];

import type { Summary } from '../evaluation/statistics.ts';
import { shortNames, showValue } from '../sweep/labels.ts';
import type { Comparison, ComparisonRow, PointRow } from './comparison.ts';
import { costMetric, gainMetric } from './metrics.ts';

type Value = string | number | null;

/** A table whose columns can be sorted and drawn. */
export interface NumberTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/**
 * The comparison as numbers: a row for each original encoder and grid point with its place on the axes, number of seeds,
 * and of Δemb and the experiment's metrics (accuracy and macro F1 of kNN, if it names none) mean, half-width of the 95 %
 * interval, gain over the original and its half-width. Metrics have their own units; what is not known is null.
 */
export function comparisonNumbers({ axes, columns, originals, points }: Comparison): NumberTable {
  const names = shortNames(axes);
  const metrics = columns.length > 0 ? columns : ['knn.accuracy', gainMetric];
  const gains = metrics.flatMap((metric) => [metric, `${metric} ±`, `${metric} gain`, `${metric} gain ±`]);
  const rowOf = (kind: string, row: ComparisonRow, point?: PointRow): Value[] => [
    kind,
    ...axes.map((path) => axisValue(row.axes[path])),
    row.cells.length,
    ...figures(row.metrics[costMetric]),
    ...metrics.flatMap((metric) => [...figures(row.metrics[metric]), ...figures(point?.differences[metric])]),
    point?.paretoOptimal ? 'yes' : 'no',
  ];
  return {
    columns: [
      'kind',
      ...axes.map((path) => names.get(path) ?? path),
      'n',
      costMetric,
      `${costMetric} ±`,
      ...gains,
      '★',
    ],
    rows: [
      ...originals.map((original) => rowOf('original', original)),
      ...points.map((point) => rowOf('retrofit', point, point)),
    ],
  };
}

function axisValue(value: unknown): Value {
  if (value === undefined || value === null) return null;
  return typeof value === 'number' ? value : showValue(value);
}

function figures(
  summary: Pick<Summary, 'mean' | 'halfWidth'> | undefined,
): [mean: number | null, halfWidth: number | null] {
  return [summary?.mean ?? null, summary?.halfWidth ?? null];
}

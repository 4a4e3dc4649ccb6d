import { type Summary, summary } from '../../../evaluation/statistics.ts';
import type { Point } from './sweep.ts';

/** A measure over the values of two parameters. */
export interface HeatMapData {
  /** Values in their order: numbers ascending, others as planned. */
  readonly columns: readonly unknown[];
  readonly rows: readonly unknown[];
  /** Over all runs with these two values, whatever their seed and their other settings; undefined where there is none. */
  readonly cells: readonly (readonly (Summary | undefined)[])[];
}

/** Means of a metric by two axes. Runs without a finite value do not count. */
export function heatMap(
  points: readonly Point[],
  { x, y, metric }: { readonly x: string; readonly y: string; readonly metric: string },
): HeatMapData {
  const columns = valuesOf(points, x);
  const rows = valuesOf(points, y);
  const values = new Map<string, number[]>();
  const keyOf = (row: unknown, column: unknown) => JSON.stringify([row, column]);
  for (const { axes, counted } of points) {
    const finite = counted.map(({ metrics }) => metrics[metric] ?? Number.NaN).filter(Number.isFinite);
    const key = keyOf(axes[y], axes[x]);
    values.set(key, [...(values.get(key) ?? []), ...finite]);
  }
  return {
    columns,
    rows,
    cells: rows.map((row) =>
      columns.map((column) => {
        const own = values.get(keyOf(row, column)) ?? [];
        return own.length > 0 ? summary(own) : undefined;
      }),
    ),
  };
}

function valuesOf(points: readonly Point[], axis: string): unknown[] {
  const values = [...new Map(points.map(({ axes }) => [JSON.stringify(axes[axis]), axes[axis]])).values()];
  return values.every((value) => typeof value === 'number') ? values.sort((a, b) => a - b) : values;
}

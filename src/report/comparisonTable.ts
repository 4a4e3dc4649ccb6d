import type { Comparison } from './comparison.ts';
import {
  type ComparisonColumn,
  comparisonColumns,
  comparisonLegend,
  comparisonRows,
  star,
} from './comparisonColumns.ts';
import { type Colours, noColours } from './terminal.ts';
import { columnGap, textTable } from './textTable.ts';

export interface ComparisonTableOptions {
  /** Columns of the terminal; the least important columns of the table are left out until it fits. Default 120. */
  readonly width?: number;
  /** Default: none. */
  readonly colours?: Colours;
}

/** The comparison for a terminal: table, how to read it, and warnings. */
export function comparisonTable(
  comparison: Comparison,
  { width = 120, colours = noColours }: ComparisonTableOptions = {},
): string {
  const rows = comparisonRows(comparison);
  const all = comparisonColumns(comparison);
  const columns = fitting(
    all,
    (column) => Math.max(...[column.title, ...rows.map((row) => column.cell(row))].map((text) => text.length)),
    width,
  );
  const table = textTable(
    columns,
    rows.map((row) => columns.map((column) => column.cell(row))),
    colours,
  );
  const leftOut = new Set(all.filter((column) => !columns.includes(column)).map(({ title }) => title));
  return [
    table.replaceAll(star, colours.green(star)),
    '',
    ...comparisonLegend(comparison).map((line) => colours.dim(line)),
    ...(leftOut.size > 0
      ? [colours.dim(`Left out for want of room: ${[...leftOut].join(', ')}; --json has everything.`)]
      : []),
    ...comparison.warnings.map((warning) => `${colours.yellow('!')} ${warning}`),
  ].join('\n');
}

function fitting(
  columns: readonly ComparisonColumn[],
  widthOf: (column: ComparisonColumn) => number,
  width: number,
): readonly ComparisonColumn[] {
  const total = columns.reduce((sum, column) => sum + widthOf(column) + columnGap, -columnGap);
  const ranks = columns.flatMap(({ rank }) => (rank === undefined ? [] : [rank]));
  if (total <= width || ranks.length === 0) return columns;
  const least = Math.min(...ranks);
  return fitting(
    columns.filter(({ rank }) => rank !== least),
    widthOf,
    width,
  );
}

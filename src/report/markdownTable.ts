import type { Comparison } from './comparison.ts';
import { comparisonColumns, comparisonLegend, comparisonRows } from './comparisonColumns.ts';
import { markdownLines } from './markup.ts';

/** The comparison as Markdown, for a record or a README: table, how to read it, and warnings. */
export function markdownTable(comparison: Comparison): string {
  const columns = comparisonColumns(comparison);
  const notes = [...comparisonLegend(comparison), ...comparison.warnings];
  return [
    ...markdownLines({
      titles: columns.map(({ title }) => title),
      aligns: columns.map(({ align }) => align),
      rows: comparisonRows(comparison).map((row) => columns.map((column) => column.cell(row))),
    }),
    '',
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}

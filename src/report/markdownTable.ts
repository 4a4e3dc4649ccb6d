import type { Comparison } from './comparison.ts';
import { comparisonColumns, comparisonLegend, comparisonRows } from './comparisonColumns.ts';

/** The comparison as Markdown, for a record or a README: table, how to read it, and warnings. */
export function markdownTable(comparison: Comparison): string {
  const columns = comparisonColumns(comparison);
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const notes = [...comparisonLegend(comparison), ...comparison.warnings];
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...comparisonRows(comparison).map((row) => line(columns.map((column) => column.cell(row)))),
    '',
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}

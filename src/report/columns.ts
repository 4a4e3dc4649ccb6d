import { didYouMean } from '../didYouMean.ts';
import { measureOf } from '../evaluation/measures.ts';

/** The metrics that an experiment's columns ask for among those that were measured. */
export function columnMetrics(columns: readonly string[], measured: readonly string[]): string[] {
  return [...new Set(columns.flatMap((column) => measured.filter((metric) => matches(column, metric))))];
}

/** Whether a metric is one that a column asks for; `*` stands for any part, also a task with dots in its name. */
function matches(column: string, metric: string): boolean {
  const parts = column.split('*').map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('.+')}$`).test(metric);
}

/**
 * What to say of columns that no run has. `*` may stand for nothing, as where there are no tasks, but its column has to end in
 * a measure.
 */
export function unknownColumns(columns: readonly string[], measured: readonly string[]): string[] {
  if (measured.length === 0) return [];
  return columns
    .filter((column) => (column.includes('*') ? !measureOf(column) : !measured.includes(column)))
    .map((column) => `no run has the metric ${column}, which is a column.${didYouMean(column, measured)}`);
}

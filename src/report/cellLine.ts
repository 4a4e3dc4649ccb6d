import type { EndRecord } from '../tracking/journal.ts';
import { columnMetrics } from './columns.ts';
import { costMetric, formatMetric, gainMetric, metricTitle } from './metrics.ts';

/** A finished cell in one line, with its drift and the first of the experiment's columns that it has. */
export function cellLine(label: string, end: EndRecord, columns: readonly string[]): string {
  const { metrics, status, reason, wall } = end;
  const chosen = columnMetrics(columns, Object.keys(metrics)).find((metric) => metric !== costMetric) ?? gainMetric;
  const figures = [costMetric, chosen].flatMap((metric) => {
    const value = metrics[metric];
    return value === undefined ? [] : [`${metricTitle(metric).replace(/ %$/, '')} ${formatMetric(metric, value)}`];
  });
  const seconds = `${Number(wall?.seconds).toFixed(0)} s`;
  const outcome = status === 'completed' ? '' : `, ${status}: ${reason}`;
  return `${status === 'diverged' ? '!' : '✓'} ${label}: ${[...figures, seconds].join(', ')}${outcome}`;
}

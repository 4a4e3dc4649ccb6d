import { measureOf } from '../evaluation/measures.ts';
import type { MetricRecord } from './record.ts';

/** What the course of a run is drawn against. */
export const stepMetric = 'train/step';

const [minimised, maximised] = [1, 2] as const;

/**
 * How W&B shows a metric: against the training step; smaller or larger is better; and what stands in the summary:
 * of losses the least value and the last, of validations also the best, of anything else the last alone.
 *
 * @param name as it is logged, with slashes
 */
export function metricDefinition(name: string): MetricRecord {
  const options = { step_sync: true, defined: true };
  if (name === stepMetric) return { name, options: { hidden: true, defined: true } };
  if (/^train\/(loss$|terms\/)/.test(name)) {
    return { name, step_metric: stepMetric, options, summary: { min: true, last: true }, goal: minimised };
  }
  const direction = measureOf(name.replaceAll('/', '.'))?.direction;
  if (!direction) return { name, step_metric: stepMetric, options };
  const larger = direction === 'higher';
  const goal = larger ? maximised : minimised;
  if (!name.startsWith('validation/')) return { name, step_metric: stepMetric, options, goal };
  const summary = { ...(larger ? { max: true } : { min: true }), best: true, last: true };
  return { name, step_metric: stepMetric, options, summary, goal };
}

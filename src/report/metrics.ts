import { type MeasureName, measureOf, measures } from '../evaluation/measures.ts';
import type { Interval, Summary } from '../evaluation/statistics.ts';

/** What a retrofitting is done for; more is better. */
export const gainMetric = 'knn.macroF1';
/** What it costs: Δemb; less is better. */
export const costMetric = 'drift.deltaEmb';

/** What a metric is called: by its measure if it is the experiment's own (`macro F1 %`, the trained head's
 * `classifier macro F1 %`), by its whole name on a task. */
export function metricTitle(metric: string): string {
  const parts = metric.split('.');
  const [evaluator = '', kind = '', ofKind] = parts;
  const measure = evaluator === 'classifier' && parts.length === 3 ? (ofKind as string) : kind;
  if (!Object.hasOwn(measures, measure) || (parts.length > 2 && measure === kind)) return metric;
  const { title } = measures[measure as MeasureName];
  if (evaluator === 'classifier') return measure === kind ? `classifier ${title}` : `classifier ${kind} ${title}`;
  return ['drift', 'knn', 'retrieval', 'clustering', 'affect'].includes(evaluator) ? title : metric;
}

/** `↑` where more of a metric is to be preferred, `↓` where less is; nothing of what is no measure. */
export function directionMark(metric: string): string {
  const measure = measureOf(metric);
  return measure ? { higher: '↑', lower: '↓' }[measure.direction] : '';
}

/**
 * A metric as a person reads it. Accuracies and F1 are in percent with one decimal; whatever runs over magnitudes,
 * such as a drift, has three significant digits.
 */
export function formatMetric(metric: string, value: number): string {
  return formatSummary(metric, { mean: value, halfWidth: null });
}

type Figures = Pick<Summary, 'mean' | 'halfWidth' | 'bootstrap'>;

/**
 * `62.3 ± 1.2`, or by the bootstrap `62.3 [61.4, 63.0]`; a single measurement has no interval. All have the same decimals.
 */
export function formatSummary(metric: string, { mean, halfWidth, bootstrap }: Figures): string {
  const show = isPercentage(metric) ? percent : significant(Math.max(Math.abs(mean), halfWidth ?? 0));
  if (bootstrap) return `${show(mean)} [${show(bootstrap.low)}, ${show(bootstrap.high)}]`;
  return halfWidth === null ? show(mean) : `${show(mean)} ± ${show(halfWidth)}`;
}

/** A difference with its sign: `+2.1 ± 0.4`; of percentages, in percentage points. */
export function formatDifference(metric: string, difference: Figures): string {
  return `${difference.mean > 0 ? '+' : ''}${formatSummary(metric, difference)}`;
}

/** `-0.3 to +1.2` */
export function formatInterval(metric: string, { low, high }: Interval): string {
  const show = (mean: number) => formatDifference(metric, { mean, halfWidth: null });
  return `${show(low)} to ${show(high)}`;
}

export const directionLegend = '↑: higher is to be preferred; ↓: lower.';

/** Whether a metric is shown in percent, and its differences in points. */
export function isPercentage(metric: string): boolean {
  return measureOf(metric)?.title.endsWith('%') ?? false;
}

function percent(value: number): string {
  return (100 * value).toFixed(1);
}

/** Three significant digits for numbers of about this size, without exponent from 0.001 to 99999. */
function significant(size: number): (value: number) => string {
  if (size === 0 || !Number.isFinite(size)) return String;
  // From the rounded number: 0.0009996 is shown as 0.00100.
  const exponent = Number(size.toExponential(2).split('e')[1]);
  if (exponent >= -3 && exponent < 5) return (value) => value.toFixed(Math.max(0, 2 - exponent));
  return (value) => `${(value / 10 ** exponent).toFixed(2)}e${exponent}`;
}

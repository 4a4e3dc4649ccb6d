import { measureOf } from '../evaluation/measures.ts';
import type { IntervalMethod, Summary } from '../evaluation/statistics.ts';
import { shortNames } from '../sweep/labels.ts';
import type { Comparison } from './comparison.ts';
import { costMetric, gainMetric, isPercentage, metricTitle } from './metrics.ts';
import { type Range, type TradeOff, type TradeOffAxis, type TradeOffPoint, variedAxes } from './tradeOffChart.ts';

/** What each grid point gained over how far the encoder moved for it, to be drawn. */
export function tradeOffOf(comparison: Comparison): TradeOff {
  const metric = gainShown(comparison.columns);
  const points = comparison.points.map((point): TradeOffPoint => {
    const measured = isDrawnAsItIs(metric) ? point.metrics : point.differences;
    const [cost, gain] = [point.metrics[costMetric], measured[metric]];
    return {
      axes: point.axes,
      original: point.original,
      ...(cost && gain && { place: { x: rangeOf(costMetric, cost), y: rangeOf(metric, gain) } }),
      isOptimal: metric === gainMetric && point.paretoOptimal,
    };
  });
  return {
    title: { text: comparison.experiment, note: subtitle(comparison, points) },
    axes: comparison.axes,
    points,
    x: tradeOffAxis(costMetric),
    y: tradeOffAxis(metric),
    origin: isOfTrainedHead(metric) ? null : { x: 0, y: 0 },
  };
}

/** Macro F1 unless the experiment shows other metrics; then the first of them of which more is better. */
export function gainShown(columns: readonly string[]): string {
  if (columns.includes(gainMetric)) return gainMetric;
  return columns.find((metric) => measureOf(metric)?.direction === 'higher') ?? gainMetric;
}

/** Whether a metric tells how far an encoder has moved. */
export function isDrift(metric: string): boolean {
  return metric.split('.').at(-2) === 'drift';
}

/** Whether a metric is of a trained head, which the original encoder has not. */
function isOfTrainedHead(metric: string): boolean {
  return /^(classifier|affect)\./.test(metric);
}

/** Whether a metric is drawn as it is. Others are drawn as what is gained over the original encoder. */
export function isDrawnAsItIs(metric: string): boolean {
  return isDrift(metric) || isOfTrainedHead(metric);
}

/** Where the original encoder lies on the axis of a metric, by its own metrics; undefined where it has none. */
export function originOn(metric: string, ofOriginal: Readonly<Record<string, number>> | undefined): number | undefined {
  if (!isDrawnAsItIs(metric)) return 0;
  return ofOriginal?.[metric] ?? (isOfTrainedHead(metric) ? undefined : 0);
}

/** A metric on an axis of the picture. */
export function tradeOffAxis(metric: string): TradeOffAxis {
  const better = measureOf(metric)?.direction;
  if (metric === costMetric) return { name: 'Δemb: how far the encoder moved', better: 'lower' };
  const name = metricTitle(metric).replace(/ %$/, '');
  const title = isDrawnAsItIs(metric) ? name : `gain in ${isPercentage(metric) ? `${name}, points` : name}`;
  return { name: title, ...(better && { better }) };
}

/** A mean and its interval in the units of its axis. */
export function rangeOf(metric: string, { mean, halfWidth, bootstrap }: Summary): Range {
  const factor = isPercentage(metric) ? 100 : 1;
  const { low, high } = bootstrap ?? { low: mean - (halfWidth ?? 0), high: mean + (halfWidth ?? 0) };
  return { mean: factor * mean, low: factor * low, high: factor * high };
}

function subtitle({ points, interval, axes }: Comparison, drawn: readonly TradeOffPoint[]): string {
  const seeds = points.filter((_, i) => drawn[i]?.place).map(({ cells }) => cells.length);
  const most = Math.max(0, ...seeds);
  const upTo = seeds.some((count) => count < most) ? 'up to ' : '';
  const left = points.length - seeds.length;
  const names = shortNames(axes);
  const labels = variedAxes(axes, drawn).labels.map((path) => names.get(path) ?? path);
  return [
    ...(seeds.length === 0 ? ['nothing is finished yet'] : []),
    ...(most === 1 ? ['one seed: no interval'] : []),
    ...(most > 1 ? [`mean and ${intervalNames[interval]} over ${upTo}${most} seeds`] : []),
    ...(labels.length > 0 ? [`labels: ${labels.join(' · ')}`] : []),
    ...(seeds.length > 0 && left > 0 ? [`${left} of ${points.length} points without result`] : []),
  ].join('   |   ');
}

const intervalNames: Readonly<Record<IntervalMethod, string>> = {
  t: '95 % t-interval',
  bootstrap: '95 % bootstrap interval',
};

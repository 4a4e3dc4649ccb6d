import { measureOf } from '../../../evaluation/measures.ts';
import type { Summary } from '../../../evaluation/statistics.ts';
import { optimalPoints } from '../../../report/overSeeds.ts';
import { isDrawnAsItIs, originOn, rangeOf } from '../../../report/tradeOff.ts';
import type { TradeOff, TradeOffPoint } from '../../../report/tradeOffChart.ts';
import type { Point, SweepModel } from './sweep.ts';

/** A grid point in the picture of what was gained over what it cost. */
export interface FrontierPoint extends TradeOffPoint {
  readonly point: Point;
}

/** Drifts and scores of trained heads as they are, other measures as what is gained over the original encoder. */
export function measured(model: SweepModel, point: Point, metric: string): Summary | undefined {
  return isDrawnAsItIs(metric) ? model.summary(point, metric) : model.gain(point, metric);
}

/** The points by two measures, and which of them nothing beats in both, the original encoder included. */
export function frontier(model: SweepModel, points: readonly Point[], x: string, y: string): FrontierPoint[] {
  const found = points.map((point) => ({
    point,
    original: point.runs[0]?.original ?? null,
    x: measured(model, point, x),
    y: measured(model, point, y),
  }));
  const rated = found.flatMap((own) =>
    own.x && own.y ? [{ ...own, cost: sign(x, 'lower') * own.x.mean, gain: sign(y, 'higher') * own.y.mean }] : [],
  );
  const ofOriginal = (metric: string, original: string | null) =>
    originOn(metric, original === null ? undefined : model.run(original)?.metrics) ?? Number.NaN;
  const optimal = optimalPoints(rated, (original) => {
    const cost = sign(x, 'lower') * ofOriginal(x, original);
    const gain = sign(y, 'higher') * ofOriginal(y, original);
    return Number.isFinite(cost) && Number.isFinite(gain) ? { cost, gain } : undefined;
  });
  const isOptimal = new Set([...optimal].map(({ point }) => point));
  return found.map((own) => ({
    point: own.point,
    axes: own.point.axes,
    original: own.original,
    ...(own.x && own.y && { place: { x: rangeOf(x, own.x), y: rangeOf(y, own.y) } }),
    isOptimal: isOptimal.has(own.point),
  }));
}

/** Where the untouched encoder lies: drifts are 0 for it, but those that tell how alike it is to itself are 1. */
export function originOf(model: SweepModel, x: string, y: string): TradeOff['origin'] {
  const original = model.points.find(({ kind }) => kind === 'original')?.counted[0]?.metrics;
  const [onX, onY] = [originOn(x, original), originOn(y, original)];
  return onX === undefined || onY === undefined ? null : { x: onX, y: onY };
}

/** 1 if a metric is to be preferred in this direction or in none, −1 if in the other. */
function sign(metric: string, direction: 'higher' | 'lower'): number {
  return (measureOf(metric)?.direction ?? direction) === direction ? 1 : -1;
}

import { showValue } from '../../../sweep/labels.ts';
import type { Point, SweepModel } from './sweep.ts';

/**
 * Ranges that a brush has left on the axes of the parallel coordinates, by their names. On an axis of words a range is over
 * the places of its values.
 */
export type Brushes = Readonly<Record<string, readonly (readonly [low: number, high: number])[]>>;

/** One of the parallel coordinates: a parameter, or a measure. */
export interface Coordinate {
  readonly name: string;
  readonly title: string;
  /** In their order, if it has others than numbers. */
  readonly categories?: readonly string[];
  /** Undefined where there is no value. */
  position(point: Point): number | undefined;
}

/** Whether a point lies within all that is brushed. */
export function isBrushed(point: Point, brushes: Brushes, coordinates: readonly Coordinate[]): boolean {
  return coordinates.every((coordinate) => {
    const ranges = brushes[coordinate.name] ?? [];
    if (ranges.length === 0) return true;
    const position = coordinate.position(point);
    return ranges.some(([low, high]) => position !== undefined && position >= low && position <= high);
  });
}

export function isBrushes(value: unknown): value is Brushes {
  const isRange = (range: unknown) =>
    Array.isArray(range) && range.length === 2 && range.every((end) => typeof end === 'number');
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((ranges) => Array.isArray(ranges) && ranges.every(isRange))
  );
}

/** A parameter that has several values. */
export function parameterCoordinate(model: SweepModel, path: string): Coordinate {
  const title = model.axisNames.get(path) ?? path;
  const values = model.points.filter(({ kind }) => kind === 'retrofit').map(({ axes }) => axes[path]);
  if (values.every((value) => typeof value === 'number')) {
    return { name: path, title, position: ({ axes }) => axes[path] as number | undefined };
  }
  const categories = [...new Set(values.map((value) => showValue(value)))];
  return {
    name: path,
    title,
    categories,
    position: ({ axes }) => {
      const place = categories.indexOf(showValue(axes[path]));
      return place < 0 ? undefined : place;
    },
  };
}

export function measureCoordinate(model: SweepModel, metric: string, title: string): Coordinate {
  return { name: metric, title, position: (point) => model.summary(point, metric)?.mean };
}

import type { Column } from './columns.ts';
import type { Point, Run } from './sweep.ts';

/** A row of the table of runs: a grid point or an original encoder, or a run of one. */
export interface TableRow {
  /** Of what is picked for a comparison. */
  readonly id: string;
  readonly point: Point;
  /** Undefined: it is the point over its seeds. */
  readonly run?: Run;
  /** Whether it stands below its point. */
  readonly isInner: boolean;
}

export interface RowOptions {
  readonly by: 'points' | 'runs';
  /** Ids of points whose runs are shown below them. */
  readonly open: ReadonlySet<string>;
  readonly column: Column | undefined;
  readonly descending: boolean;
}

/** The rows in their order. Where there is nothing to sort by they come last, whichever way it goes. */
export function tableRows(
  visible: ReadonlyMap<Point, readonly Run[]>,
  { by, open, column, descending }: RowOptions,
): TableRow[] {
  const runRow = (point: Point, run: Run, isInner: boolean): TableRow => ({ id: run.id, point, run, isInner });
  if (by === 'runs') {
    const rows = [...visible].flatMap(([point, runs]) => runs.map((run) => runRow(point, run, false)));
    return column ? sorted(rows, ({ run, point }) => column.ofRun(run as Run, point).order, descending) : rows;
  }
  const points = [...visible.keys()];
  const ordered = column ? sorted(points, (point) => column.ofPoint(point).order, descending) : points;
  return ordered.flatMap((point) => [
    { id: `p${point.id}`, point, isInner: false },
    ...(open.has(point.id) ? (visible.get(point) ?? []).map((run) => runRow(point, run, true)) : []),
  ]);
}

function sorted<T>(items: readonly T[], orderOf: (item: T) => number | string | undefined, descending: boolean): T[] {
  const keyed = items.map((item) => {
    const order = orderOf(item);
    return { item, order: Number.isNaN(order) ? undefined : order };
  });
  const direction = descending ? -1 : 1;
  keyed.sort(({ order: a }, { order: b }) => {
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    if (typeof a === 'number' && typeof b === 'number') return direction * (a - b);
    return direction * String(a).localeCompare(String(b), 'en', { numeric: true });
  });
  return keyed.map(({ item }) => item);
}

import type { PairedDifference, Summary } from '../../../evaluation/statistics.ts';
import { differenceOf, isCounted, summaryOf } from '../../../report/overSeeds.ts';
import { labelOf, shortNames, showValue } from '../../../sweep/labels.ts';
import type { RunRow, RunTable, Sweep, SweepHead, SweepUpdate, WireNumber } from '../../wire.ts';

/** A run as the page works with it. */
export interface Run extends Omit<RunRow, 'values'> {
  /** By name; a run at work has none. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The runs with the same settings and different seeds; or one original encoder. */
export interface Point {
  /** Its first run's. */
  readonly id: string;
  readonly kind: Run['kind'];
  /** `temperature 0.1 · weight 10` */
  readonly label: string;
  readonly axes: Readonly<Record<string, unknown>>;
  readonly runs: readonly Run[];
  /** Those that means are over. */
  readonly counted: readonly Run[];
  /** The untouched encoder that it is compared with, if its run is finished. */
  readonly original: Run | undefined;
}

/** A sweep at one moment. What is computed from it is kept as long as it is. */
export class SweepModel {
  readonly head: SweepHead;
  readonly runs: readonly Run[];
  /** Originals first, then grid points in the order of the plan. */
  readonly points: readonly Point[];
  /** Of all runs. */
  readonly metrics: readonly string[];
  /** Short names of the axes by path. */
  readonly axisNames: ReadonlyMap<string, string>;
  readonly #byId: ReadonlyMap<string, Run>;
  readonly #summaries = new WeakMap<Point, Map<string, Summary | undefined>>();
  readonly #gains = new WeakMap<Point, Map<string, PairedDifference | undefined>>();

  private constructor(head: SweepHead, runs: readonly Run[], metrics: readonly string[]) {
    this.head = head;
    this.runs = runs;
    this.metrics = metrics;
    this.axisNames = shortNames(head.axes);
    this.#byId = new Map(runs.map((run) => [run.id, run]));
    this.points = this.#pointsOf(runs);
  }

  static from({ head, table }: Sweep): SweepModel {
    return new SweepModel(head, decode(table), table.metrics);
  }

  /** The sweep after something has changed. */
  updated({ head, table, cells }: SweepUpdate): SweepModel {
    const changed = new Map(decode(table).map((run) => [run.id, run]));
    const runs = cells.flatMap((id) => changed.get(id) ?? this.#byId.get(id) ?? []);
    return new SweepModel(head, runs, [...new Set([...this.metrics, ...table.metrics])]);
  }

  run(id: string): Run | undefined {
    return this.#byId.get(id);
  }

  point(id: string): Point | undefined {
    return this.points.find((point) => point.id === id);
  }

  /** The value on an axis, by its path or its short name, as a filter compares it. */
  axisValue(axes: Point['axes'], name: string): number | string | undefined {
    const path = this.head.axes.find((own) => own === name || this.axisNames.get(own) === name);
    if (path === undefined || !(path in axes)) return undefined;
    const value = axes[path];
    return typeof value === 'number' ? value : showValue(value);
  }

  /** A metric over the seeds of a point. */
  summary(point: Point, metric: string): Summary | undefined {
    return kept(this.#summaries, point, metric, () => summaryOf(point.counted, metric, 't'));
  }

  /** A metric over some runs. */
  summaryOver(runs: readonly Run[], metric: string): Summary | undefined {
    return summaryOf(runs, metric, 't');
  }

  /** A metric minus that of the original encoder, paired by seed. */
  gain(point: Point, metric: string): PairedDifference | undefined {
    return kept(this.#gains, point, metric, () => {
      const { original } = point;
      if (!original || point.kind === 'original') return undefined;
      return differenceOf(
        point.counted.map((run) => ({ run, baseline: original })),
        metric,
        't',
      );
    });
  }

  #pointsOf(runs: readonly Run[]): Point[] {
    const groups = new Map<string, Run[]>();
    for (const run of runs) {
      const key = run.kind === 'original' ? run.id : JSON.stringify(run.axes);
      const group = groups.get(key);
      if (group) group.push(run);
      else groups.set(key, [run]);
    }
    const points = [...groups.values()].map((group): Point => {
      const [{ id, kind, axes, original }] = group as [Run];
      const baseline = this.#byId.get(original ?? '');
      return {
        id,
        kind,
        axes,
        label: labelOf({ kind, axes, seed: null }) || 'the only point',
        runs: group,
        counted: group.filter(({ status }) => isCounted(status)),
        original: baseline && isCounted(baseline.status) ? baseline : undefined,
      };
    });
    const isOriginal = ({ kind }: Point) => kind === 'original';
    return [...points.filter(isOriginal), ...points.filter((point) => !isOriginal(point))];
  }
}

function decode({ metrics, runs }: RunTable): Run[] {
  return runs.map(({ values, ...run }) => {
    const named: Record<string, number> = {};
    for (const [i, value] of values.entries()) {
      if (value !== null) named[metrics[i] as string] = numberOf(value);
    }
    return { ...run, metrics: named };
  });
}

export function numberOf(value: WireNumber): number {
  return typeof value === 'number' ? value : Number(value);
}

function kept<T>(store: WeakMap<Point, Map<string, T>>, point: Point, metric: string, compute: () => T): T {
  let ofPoint = store.get(point);
  if (!ofPoint) {
    ofPoint = new Map();
    store.set(point, ofPoint);
  }
  const found = ofPoint.get(metric);
  if (found !== undefined || ofPoint.has(metric)) return found as T;
  const value = compute();
  ofPoint.set(metric, value);
  return value;
}

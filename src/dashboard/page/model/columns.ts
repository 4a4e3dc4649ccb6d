import { measureOf } from '../../../evaluation/measures.ts';
import { summary } from '../../../evaluation/statistics.ts';
import { formatDuration } from '../../../report/duration.ts';
import { formatDifference, formatMetric, formatSummary, metricTitle } from '../../../report/metrics.ts';
import { isCounted } from '../../../report/overSeeds.ts';
import { showTime } from '../../../report/showTime.ts';
import { isDrawnAsItIs } from '../../../report/tradeOff.ts';
import { showValue } from '../../../sweep/labels.ts';
import type { Extremes } from '../../wire.ts';
import type { Point, Run, SweepModel } from './sweep.ts';

/** What stands in a cell of the table: a text, and what it is sorted by. */
export interface CellContent {
  readonly text: string;
  readonly order: number | string | undefined;
}

/** A column of the table of runs. */
export interface Column {
  /** In the page's address. */
  readonly id: string;
  readonly title: string;
  readonly align: 'left' | 'right';
  ofPoint(point: Point): CellContent;
  ofRun(run: Run, point: Point): CellContent;
}

/** What of a metric over the course of a run is shown. */
export const courseFigures = ['min', 'max', 'best', 'last'] as const;
export type CourseFigure = (typeof courseFigures)[number];

/** Figures of the courses of runs, as far as they are there. */
type CourseFigures = (run: string, metric: string) => Extremes | undefined;

/** What a table shows beside what a sweep's runs say of themselves. */
export interface ColumnSources {
  readonly courses: CourseFigures;
  /** Whether a point is on the Pareto front. */
  isOptimal(point: Point): boolean;
}

const empty: CellContent = { text: '', order: undefined };
const missing: CellContent = { text: '–', order: undefined };
const numeric = { align: 'right' } as const;

/**
 * The column of an id: `axis:<path>`, `metric:<name>`, `gain:<name>`, `<min|max|best|last>:<logged metric>`, or one of
 * `front`, `status`, `seeds`, `seconds`, `started`. Undefined for one that the sweep does not have.
 */
export function columnOf(id: string, model: SweepModel, { courses, isOptimal }: ColumnSources): Column | undefined {
  const at = id.indexOf(':');
  const [kind, name] = at < 0 ? [id, ''] : [id.slice(0, at), id.slice(at + 1)];
  switch (kind) {
    case 'axis':
      return model.head.axes.includes(name) ? axisColumn(id, name, model) : undefined;
    case 'metric':
      return metricColumn(id, name, model);
    case 'gain':
      return gainColumn(id, name, model);
    case 'front':
      return frontColumn(isOptimal);
    case 'status':
      return statusColumn;
    case 'seeds':
      return seedsColumn;
    case 'seconds':
      return secondsColumn;
    case 'started':
      return startedColumn;
    default: {
      const figure = courseFigures.find((own) => own === kind);
      return figure && courseColumn(id, name, figure, courses);
    }
  }
}

/** What is shown where nothing else is chosen: what varies, how far the encoder moved, what was gained. */
export function defaultColumns(axes: readonly string[], metrics: readonly string[]): string[] {
  return [
    ...axes.map((path) => `axis:${path}`),
    'status',
    ...metrics.flatMap((metric) =>
      measureOf(metric)?.direction === 'higher' && !isDrawnAsItIs(metric)
        ? [`metric:${metric}`, `gain:${metric}`]
        : [`metric:${metric}`],
    ),
    'front',
    'seeds',
  ];
}

function axisColumn(id: string, path: string, model: SweepModel): Column {
  const cell = ({ axes }: Pick<Point, 'axes'>): CellContent => {
    if (!(path in axes)) return empty;
    const value = axes[path];
    return { text: showValue(value), order: typeof value === 'number' ? value : showValue(value) };
  };
  return { id, title: model.axisNames.get(path) ?? path, align: 'right', ofPoint: cell, ofRun: (run) => cell(run) };
}

function metricColumn(id: string, metric: string, model: SweepModel): Column {
  return {
    id,
    title: metricTitle(metric),
    ...numeric,
    ofPoint: (point) => {
      const found = model.summary(point, metric);
      return found ? { text: formatSummary(metric, found), order: found.mean } : missing;
    },
    ofRun: ({ metrics }) => {
      const value = metrics[metric];
      return value === undefined ? missing : { text: formatMetric(metric, value), order: value };
    },
  };
}

function gainColumn(id: string, metric: string, model: SweepModel): Column {
  return {
    id,
    title: `${metricTitle(metric).replace(/ %$/, '')} gain`,
    ...numeric,
    ofPoint: (point) => {
      const found = model.gain(point, metric);
      if (found) return { text: formatDifference(metric, found), order: found.mean };
      return point.kind === 'original' ? empty : missing;
    },
    ofRun: ({ metrics, kind }, { original }) => {
      const difference = (metrics[metric] ?? Number.NaN) - (original?.metrics[metric] ?? Number.NaN);
      if (kind === 'original') return empty;
      return Number.isFinite(difference)
        ? { text: formatDifference(metric, { mean: difference, halfWidth: null }), order: difference }
        : missing;
    },
  };
}

function frontColumn(isOptimal: ColumnSources['isOptimal']): Column {
  const cell = (point: Point): CellContent => (isOptimal(point) ? { text: '★', order: 1 } : { text: '', order: 0 });
  return { id: 'front', title: '★', align: 'left', ofPoint: cell, ofRun: () => empty };
}

const statusColumn: Column = {
  id: 'status',
  title: 'status',
  align: 'left',
  ofPoint: ({ runs }) => {
    const counts = new Map<string, number>();
    for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
    const parts = [...counts].map(([status, count]) => (counts.size === 1 ? status : `${count} ${status}`));
    return { text: parts.join(', '), order: parts.join(', ') };
  },
  ofRun: ({ status, progress }) => ({
    text: progress ? `${status}, step ${progress.step} of ${progress.steps}` : status,
    order: status,
  }),
};

const seedsColumn: Column = {
  id: 'seeds',
  title: 'n',
  ...numeric,
  ofPoint: ({ counted, runs }) => ({
    text: counted.length === runs.length ? String(runs.length) : `${counted.length}/${runs.length}`,
    order: counted.length,
  }),
  ofRun: ({ seed }) => (seed === null ? empty : { text: `seed ${seed}`, order: seed }),
};

const secondsColumn: Column = {
  id: 'seconds',
  title: 'took',
  ...numeric,
  ofPoint: ({ runs }) => tookCell(runs.reduce((sum, { seconds = 0 }) => sum + seconds, 0)),
  ofRun: ({ seconds = 0 }) => tookCell(seconds),
};

function tookCell(seconds: number): CellContent {
  return seconds > 0 ? { text: formatDuration(seconds), order: seconds } : empty;
}

const startedColumn: Column = {
  id: 'started',
  title: 'started (UTC)',
  align: 'left',
  ofPoint: ({ runs }) => startedCell(runs.flatMap(({ started }) => started ?? []).sort()[0]),
  ofRun: ({ started }) => startedCell(started),
};

function startedCell(started: string | undefined): CellContent {
  return started === undefined ? empty : { text: showTime(started), order: started };
}

/** `validation/knn/macroF1` is of the measure macroF1. */
function courseMetric(metric: string): string {
  return metric.replace(/^validation\//, '').replaceAll('/', '.');
}

function courseColumn(id: string, metric: string, figure: CourseFigure, courses: CourseFigures): Column {
  const named = courseMetric(metric);
  const direction = measureOf(named)?.direction ?? 'lower';
  const which = figure === 'best' ? ({ higher: 'max', lower: 'min' } as const)[direction] : figure;
  const figureOf = ({ id: run }: Run) => courses(run, metric)?.[which];
  return {
    id,
    title: `${metric} ${figure}`,
    ...numeric,
    ofPoint: ({ counted }) => {
      const values = counted.map(figureOf);
      const known = values.filter((value) => value !== undefined && value !== null);
      if (known.length < values.length || known.length === 0)
        return { text: values.includes(undefined) ? '…' : '–', order: undefined };
      const found = summary(known);
      return { text: formatSummary(named, found), order: found.mean };
    },
    ofRun: (run) => {
      const value = figureOf(run);
      if (value === undefined && isCounted(run.status)) return { text: '…', order: undefined };
      return value === undefined || value === null ? missing : { text: formatMetric(named, value), order: value };
    },
  };
}

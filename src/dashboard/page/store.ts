import { computed, signal } from '@preact/signals';
import { measureOf } from '../../evaluation/measures.ts';
import { costMetric, metricTitle } from '../../report/metrics.ts';
import { gainShown, isDrift } from '../../report/tradeOff.ts';
import type { ExperimentItem, ReportData } from '../wire.ts';
import {
  type Brushes,
  type Coordinate,
  isBrushed,
  isBrushes,
  measureCoordinate,
  parameterCoordinate,
} from './model/brush.ts';
import { type Filter, type Filterable, parseFilter } from './model/filter.ts';
import { frontier } from './model/frontier.ts';
import type { Point, Run, SweepModel } from './model/sweep.ts';
import { embedded, type Source, server } from './source.ts';
import { jsonParam, listParam, param } from './state.ts';

/** A report brings its data with it. */
const report = document.getElementById('report')?.textContent;

export const source: Source = report ? embedded(JSON.parse(report) as ReportData) : server;

export const experiments = signal<readonly ExperimentItem[] | undefined>(undefined);
export const experimentName = param('experiment', '', true);
export const sweep = signal<SweepModel | undefined>(undefined);
/** What went wrong, for the user to see. */
export const problem = signal<string | undefined>(undefined);
/** Why the experiments cannot be listed. */
export const listProblem = signal<string | undefined>(undefined);
/** Whether changes arrive from the server. */
export const isConnected = signal(true);

export const filterText = param('filter');
/** Whether the table has a row a setting, or a row a run. */
export const rowsAre = param('rows', 'points');
export const columnIds = listParam('columns');
export const brushes = jsonParam<Brushes>('brush', {}, isBrushes);

/** What is compared: grid points (`p` and the id of their first run) and runs (their ids). */
export const picked = listParam('pick');
export const mostPicked = 6;

/** Metrics by which a sweep is judged where nothing else is chosen: those of its table, or the first of each evaluator. */
export const mainMetrics = computed((): readonly string[] => {
  const model = sweep.value;
  if (!model) return [];
  if (model.head.columns.length > 0) return [...new Set([costMetric, ...model.head.columns])];
  return model.metrics.filter((metric) => measureOf(metric)?.isPrimary && !/At\d+$/.test(metric));
});

/** Parameters with several values. */
export const variedAxes = computed((): readonly string[] => {
  const model = sweep.value;
  if (!model) return [];
  const values = (path: string) =>
    new Set(model.points.flatMap(({ kind, axes }) => (kind === 'retrofit' ? [JSON.stringify(axes[path])] : [])));
  return model.head.axes.filter((path) => values(path).size > 1);
});

const chosenMeasure = param('measure');

/** The measure whose dependence on the parameters is looked at. */
export const measure = computed(
  () => chosenMeasure.value || (mainMetrics.value.find((metric) => !isDrift(metric)) ?? costMetric),
);

export function chooseMeasure(metric: string): void {
  chosenMeasure.set(metric);
}

export const coordinates = computed((): readonly Coordinate[] => {
  const model = sweep.value;
  if (!model) return [];
  const measures = [...new Set([...mainMetrics.value.slice(0, 2), measure.value])];
  return [
    ...variedAxes.value.map((path) => parameterCoordinate(model, path)),
    ...measures.map((metric) => measureCoordinate(model, metric, metricTitle(metric))),
  ];
});

/** Names that a filter may use. */
const filterNames = computed(() => {
  const model = sweep.value;
  if (!model) return [];
  return [...model.head.axes, ...model.axisNames.values(), ...model.metrics, 'seed', 'seeds', 'status', 'seconds'];
});

export const filter = computed((): Filter => parseFilter(filterText.value, filterNames.value));

/** Runs that the filter and the brushes let through, by point. Original encoders are not brushed. */
export const visible = computed((): ReadonlyMap<Point, readonly Run[]> => {
  const model = sweep.value;
  const parsed = filter.value;
  const shown = new Map<Point, readonly Run[]>();
  if (!model) return shown;
  const accepts = 'problem' in parsed ? () => true : parsed.accepts;
  const byRun = rowsAre.value === 'runs';
  const isOff = filterText.value.trim() === '';
  for (const point of model.points) {
    if (point.kind === 'retrofit' && !isBrushed(point, brushes.value, coordinates.value)) continue;
    const runs =
      isOff || (!byRun && accepts(ofPoint(model, point)))
        ? point.runs
        : point.runs.filter((run) => accepts(ofRun(model, point, run)));
    if (runs.length > 0) shown.set(point, runs);
  }
  return shown;
});

/** Grid points of which something is visible. */
export const visiblePoints = computed((): readonly Point[] =>
  [...visible.value.keys()].filter(({ kind }) => kind === 'retrofit'),
);

/** Those of them that nothing beats in gain and drift. */
export const optimalPoints = computed((): ReadonlySet<Point> => {
  const model = sweep.value;
  if (!model) return new Set();
  const found = frontier(model, visiblePoints.value, costMetric, gainShown(model.head.columns));
  return new Set(found.filter(({ isOptimal }) => isOptimal).map(({ point }) => point));
});

function ofPoint(model: SweepModel, point: Point): Filterable {
  const statuses = [...new Set(point.runs.map(({ status }) => status))].join(' ');
  return {
    text: `${point.label} ${statuses}`,
    value(name) {
      if (name === 'status') return statuses;
      if (name === 'seeds') return point.counted.length;
      return model.axisValue(point.axes, name) ?? model.summary(point, name)?.mean;
    },
  };
}

function ofRun(model: SweepModel, point: Point, run: Run): Filterable {
  return {
    text: `${point.label} seed ${run.seed} ${run.status} ${run.id} ${run.reason ?? ''}`,
    value(name) {
      if (name === 'status' || name === 'seed' || name === 'seconds') return run[name] ?? undefined;
      return model.axisValue(run.axes, name) ?? run.metrics[name];
    },
  };
}

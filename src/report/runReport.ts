import { labelOf, showValue } from '../sweep/labels.ts';
import type { EventRecord } from '../tracking/journal.ts';
import type { Run, RunSummary } from '../tracking/results.ts';
import { classSections, exampleSections } from './classSections.ts';
import { formatDuration } from './duration.ts';
import { timesOf } from './experimentList.ts';
import { directionLegend, directionMark, formatDifference, formatMetric, metricTitle } from './metrics.ts';
import { showTime } from './showTime.ts';
import { sparkline } from './sparkline.ts';
import type { Colours } from './terminal.ts';
import { figureColumn, textColumn, textTable } from './textTable.ts';

export interface RunReportParts {
  readonly run: Run;
  /** The original encoder's run, if it is finished. */
  readonly original?: RunSummary;
  /** The settings that are not defaults, by dotted path. */
  readonly changed: ReadonlyMap<string, unknown>;
  /** Whose scores by class are shown. Default: of the trained classifier, or else of kNN. */
  readonly classifier?: string;
}

const mostValidations = 8;

/** One run for a terminal: where it stands, how its training went, what came out. */
export function runReport({ run, original, changed, classifier }: RunReportParts, colours: Colours): string {
  const { start, steps, validations } = run;
  const sections: (readonly [title: string, body: string])[] = [
    ['Run', heading(run)],
    ['Settings other than the defaults', settingLines(start.axes, changed)],
    ...(steps.length > 0
      ? ([[`Training, ${steps.length} steps`, courseTable(trainingCourses(run), colours)]] as const)
      : []),
    ...conflictSections(run, colours),
    ...(validations.length > 0 ? ([['Validation', validationTable(run, colours)]] as const) : []),
    ['Result on the test texts', resultTable(run, original, colours)],
    ...layerSections(run, colours),
    ...classSections(run, classifier, colours),
    ...exampleSections(run, colours),
    ...(start.notes.length > 0 ? ([['Notes', start.notes.map((note) => `  ${note}`).join('\n')]] as const) : []),
  ];
  return sections.map(([title, body]) => `${colours.bold(title)}\n${body}`).join('\n\n');
}

function heading(run: Run): string {
  const { start, end, folder } = run;
  const { started, seconds } = timesOf(run);
  const evaluated = end.evaluatedStep === undefined ? '' : `, weights of step ${end.evaluatedStep}`;
  const took = seconds === undefined ? '' : ` in ${formatDuration(seconds)}`;
  const time = phaseTimes(run);
  const lines: [string, string][] = [
    ['place', `${start.experiment}: ${labelOf(start) || 'the only point'}`],
    [
      'status',
      `${end.status} after ${end.steps} steps${evaluated}${took}${end.reason === undefined ? '' : `: ${end.reason}`}`,
    ],
    ...(started === undefined ? [] : ([['started', `${showTime(started)} UTC`]] satisfies [string, string][])),
    ...(time === undefined ? [] : ([['time', time]] satisfies [string, string][])),
    ['encoder', `${start.encoder.name} (${start.encoder.hash.slice(0, 12)})`],
    ['data', `${start.data.name} (${start.data.hash.slice(0, 12)})`],
    ['engine', `${start.engine.name} (${start.engine.detail}), ${start.engine.precision}`],
    ['code', start.code],
    ['folder', folder],
  ];
  return lines.map(([name, value]) => `  ${name.padEnd(8)} ${value}`).join('\n');
}

const phaseNames: Readonly<Record<EventRecord['event'], string>> = {
  training: 'training',
  evaluating: 'evaluating',
  saving: 'saving',
  fineTuning: 'fine-tuning',
};

/** Where a run's time went; undefined if its journal does not tell. What took no time worth showing is left out. */
function phaseTimes({ events, end }: Run): string | undefined {
  const seconds = [...events, end].map(({ wall }) => wall.seconds);
  if (events.length === 0 || !seconds.every((value) => typeof value === 'number')) return undefined;
  const phases = ['loading', ...events.map(({ event }) => phaseNames[event])].flatMap((name, i) => {
    const own = (seconds[i] ?? 0) - (seconds[i - 1] ?? 0);
    return own < 0.05 ? [] : [`${name} ${formatDuration(own)}`];
  });
  return phases.length > 0 ? phases.join(', ') : undefined;
}

function settingLines(axes: Readonly<Record<string, unknown>>, changed: ReadonlyMap<string, unknown>): string {
  if (changed.size === 0) return '  none';
  const width = Math.max(...[...changed.keys()].map((path) => path.length));
  const isAxis = (path: string) => Object.keys(axes).some((axis) => path === axis || path.startsWith(`${axis}.`));
  return [...changed]
    .map(([path, value]) => `  ${path.padEnd(width)}  ${showValue(value)}${isAxis(path) ? '  (axis)' : ''}`)
    .join('\n');
}

/** A series of a run, and the metric whose format it takes. */
interface Course {
  readonly name: string;
  readonly values: readonly number[];
}

function trainingCourses({ steps }: Run): Course[] {
  const terms = Object.keys(steps[0]?.terms ?? {});
  return [
    { name: 'loss', values: steps.map(({ loss }) => loss) },
    ...terms.map((term) => ({ name: term, values: steps.map(({ terms }) => terms[term] ?? Number.NaN) })),
    { name: 'gradient norm', values: steps.map(({ gradientNorm }) => gradientNorm) },
  ];
}

function conflictSections({ steps }: Run, colours: Colours): (readonly [string, string])[] {
  const conflicts = steps.flatMap(({ conflict }) => conflict ?? []);
  const [first] = conflicts;
  if (!first) return [];
  const courses = [
    ...Object.keys(first.cosines).map((pair) => ({
      name: `cosine ${pair}`,
      values: conflicts.map(({ cosines }) => cosines[pair] ?? Number.NaN),
    })),
    ...Object.keys(first.norms).map((term) => ({
      name: `norm ${term}`,
      values: conflicts.map(({ norms }) => norms[term] ?? Number.NaN),
    })),
  ];
  return [[`Gradients of the terms, measured ${conflicts.length} times`, courseTable(courses, colours)]];
}

function courseTable(courses: readonly Course[], colours: Colours): string {
  return textTable(
    [textColumn('what'), figureColumn('first'), figureColumn('least'), figureColumn('last'), textColumn('course')],
    courses.map(({ name, values }) => {
      const finite = values.filter(Number.isFinite);
      const show = (value: number | undefined) => (value === undefined ? '–' : formatMetric(name, value));
      return [
        name,
        show(values[0]),
        show(finite.length > 0 ? Math.min(...finite) : undefined),
        show(values.at(-1)),
        sparkline(values),
      ];
    }),
    colours,
  );
}

/** At most a few validations, evenly chosen, the first and the last among them. */
function validationTable({ validations }: Run, colours: Colours): string {
  const metrics = Object.keys(validations[0]?.metrics ?? {});
  const last = validations.length - 1;
  const shown = Math.min(validations.length, mostValidations);
  const chosen = Array.from(
    { length: shown },
    (_, i) => validations[shown === 1 ? 0 : Math.round((i * last) / (shown - 1))],
  );
  const table = textTable(
    [figureColumn('step'), ...metrics.map((metric) => figureColumn(metricTitle(metric)))],
    chosen.flatMap((validation) =>
      validation
        ? [
            [
              String(validation.step),
              ...metrics.map((metric) => formatMetric(metric, validation.metrics[metric] ?? Number.NaN)),
            ],
          ]
        : [],
    ),
    colours,
  );
  return shown < validations.length
    ? `${table}\n${colours.dim(`${shown} of ${validations.length} validations`)}`
    : table;
}

function resultTable({ end }: Run, original: RunSummary | undefined, colours: Colours): string {
  const table = textTable(
    [
      textColumn('metric'),
      textColumn(''),
      figureColumn('value'),
      ...(original ? [figureColumn('original'), figureColumn('difference')] : []),
    ],
    Object.entries(end.metrics).map(([metric, value]) => {
      const before = original?.end.metrics[metric];
      const comparison =
        before === undefined
          ? ['–', '–']
          : [formatMetric(metric, before), formatDifference(metric, { mean: value - before, halfWidth: null })];
      return [metricTitle(metric), directionMark(metric), formatMetric(metric, value), ...(original ? comparison : [])];
    }),
    colours,
  );
  return `${table}\n${colours.dim(directionLegend)}`;
}

const widestBar = 30;

/** Which layers moved. */
function layerSections({ layers }: Run, colours: Colours): (readonly [string, string])[] {
  if (!layers) return [];
  const most = Math.max(...layers.drift.map(({ deltaCos }) => deltaCos));
  const table = textTable(
    [textColumn('after'), figureColumn('Δemb'), figureColumn('Δcos'), figureColumn('CKA'), textColumn('')],
    layers.drift.map(({ deltaEmb, deltaCos, cka }, layer) => [
      layer === 0 ? 'embeddings' : `layer ${layer}`,
      formatMetric('drift.deltaEmb', deltaEmb),
      formatMetric('drift.deltaCos', deltaCos),
      formatMetric('drift.cka', cka),
      '▇'.repeat(most > 0 ? Math.round((widestBar * deltaCos) / most) : 0),
    ]),
    colours,
  );
  return [[`Drift by layer, ${layers.texts} test texts`, table]];
}

import type { JournalRecord } from '../tracking/journal.ts';
import { type ExperimentResults, type RunSummary, readRun } from '../tracking/results.ts';
import { timesOf } from './experimentList.ts';

/** What can be exported: a row for each finished run, or for each of its metrics, steps or validations. */
export const exportables = ['runs', 'metrics', 'steps', 'validations'] as const;
export type Exportable = (typeof exportables)[number];

export type ColumnType = 'STRING' | 'DOUBLE';

const place = { experiment: 'STRING', cell: 'STRING', kind: 'STRING', seed: 'DOUBLE', status: 'STRING' } as const;

/** Columns that a table has whatever its rows are. */
export const baseColumns: Readonly<Record<Exportable, Readonly<Record<string, ColumnType>>>> = {
  runs: {
    ...place,
    trainedSteps: 'DOUBLE',
    started: 'STRING',
    seconds: 'DOUBLE',
    encoder: 'STRING',
    data: 'STRING',
    code: 'STRING',
    commit: 'STRING',
    dirty: 'STRING',
    host: 'STRING',
    cpu: 'STRING',
  },
  metrics: { ...place, metric: 'STRING', value: 'DOUBLE' },
  steps: { ...place, step: 'DOUBLE', epoch: 'DOUBLE', learningRate: 'DOUBLE', loss: 'DOUBLE', gradientNorm: 'DOUBLE' },
  validations: { ...place, step: 'DOUBLE' },
};

export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** The finished runs of the latest plans as flat rows, in the order of their cells; dots separate what is nested. */
export function exportRows(experiments: readonly ExperimentResults[], what: Exportable): Row[] {
  const runs = experiments.flatMap(({ cells }) =>
    cells.flatMap(({ outcome }) => (outcome.state === 'finished' ? [outcome.run] : [])),
  );
  if (what === 'runs') return runs.map(runRow);
  if (what === 'metrics') return runs.flatMap(metricRows);
  return runs.flatMap((run) => {
    const at = placeOf(run);
    return readRun(run.folder)[what].map((record) => ({ ...at, ...recordRow(record) }));
  });
}

function runRow(run: RunSummary): Row {
  const { start, end } = run;
  const { started, seconds } = timesOf(run);
  const { git, host, cpu } = start.wall.environment ?? {};
  return {
    ...placeOf(run),
    trainedSteps: end.steps,
    started: started ?? null,
    seconds: seconds ?? null,
    encoder: start.encoder.name,
    data: start.data.name,
    code: start.code,
    commit: git?.commit ?? null,
    dirty: git?.dirty ?? null,
    host: host ?? null,
    cpu: cpu?.model ?? null,
    ...end.metrics,
  };
}

/** By which rows are chosen: diverged runs and originals among them. */
function placeOf({ start: { experiment, cell, kind, seed, axes }, end: { status } }: RunSummary): Row {
  return { experiment, cell, kind, seed, status, ...flat({ axes }) };
}

function metricRows(run: RunSummary): Row[] {
  const at = placeOf(run);
  return Object.entries(run.end.metrics).map(([metric, value]) => ({ ...at, metric, value }));
}

function recordRow({ wall: _wall, type: _type, ...record }: JournalRecord): Row {
  return flat(record);
}

/** Nested objects by dotted names; lists, and objects that are values of an axis, as JSON. */
function flat(object: Readonly<Record<string, unknown>>, prefix = ''): Record<string, Row[string]> {
  const row: Record<string, Row[string]> = {};
  for (const [name, value] of Object.entries(object)) {
    const path = prefix + name;
    const isNested =
      typeof value === 'object' && value !== null && !Array.isArray(value) && !prefix.startsWith('axes.');
    if (isNested) Object.assign(row, flat(value as Record<string, unknown>, `${path}.`));
    else if (value !== undefined)
      row[path] = typeof value === 'object' ? JSON.stringify(value) : (value as Row[string]);
  }
  return row;
}

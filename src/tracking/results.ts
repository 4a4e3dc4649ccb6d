import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { type Problem, systemErrorCode, UserError } from '../errors.ts';
import {
  type EndRecord,
  type EventRecord,
  type ExamplesRecord,
  type JournalRecord,
  type LayersRecord,
  type PredictionsRecord,
  readJournal,
  readJournalEnds,
  type StartRecord,
  type StepRecord,
  type ValidationRecord,
} from './journal.ts';

const axesSchema = z.record(z.string(), z.unknown());

/** A cell as the plan names it; its settings stand in its journal. */
const experimentCellSchema = z.object({
  id: z.string().regex(/^[0-9a-f]+$/, 'hexadecimal digits'),
  kind: z.enum(['original', 'retrofit']),
  axes: axesSchema,
  /** Null for an original, in which nothing is random. */
  seed: z.int().nullable(),
  /** Id of the original encoder's cell that it is compared with; null for an original. */
  original: z.string().nullable(),
});

/** `experiment.json`: the latest plan of an experiment. What was measured stands in the journals alone. */
export const experimentFileSchema = z.object({
  format: z.literal(1),
  name: z.string(),
  /** The experiment's file and the command line. */
  file: z.string(),
  command: z.string(),
  /** One for each precision. */
  engine: z.array(
    z.object({
      name: z.string(),
      detail: z.string(),
      device: z.string(),
      threads: z.int(),
      precision: z.string(),
    }),
  ),
  points: z.array(z.object({ axes: axesSchema })),
  seeds: z.array(z.int()).readonly(),
  /** Metrics that the table shows; empty: the usual ones. */
  columns: z.array(z.string()).readonly().default([]),
  /** In the order of the plan. */
  cells: z.array(experimentCellSchema),
});

export type ExperimentFile = z.output<typeof experimentFileSchema>;
export type ExperimentCell = z.output<typeof experimentCellSchema>;

/** A finished run without its course. */
export interface RunSummary {
  readonly folder: string;
  readonly start: StartRecord;
  readonly end: EndRecord;
}

/** A finished run. */
export interface Run extends RunSummary {
  readonly steps: readonly StepRecord[];
  readonly validations: readonly ValidationRecord[];
  /** Of each classifier. */
  readonly predictions: readonly PredictionsRecord[];
  /** What the trained classifier says of the experiment's sentences; undefined where there are none. */
  readonly examples: ExamplesRecord | undefined;
  /** None in journals from before there were events. */
  readonly events: readonly EventRecord[];
  /** Undefined for an original encoder, or where it was not measured. */
  readonly layers: LayersRecord | undefined;
}

/** What became of a planned cell. */
export type CellOutcome =
  | { readonly state: 'finished'; readonly run: RunSummary }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'missing' }
  /** There, but not readable. */
  | { readonly state: 'broken'; readonly problems: readonly Problem[] };

export interface CellResult {
  readonly cell: ExperimentCell;
  readonly outcome: CellOutcome;
}

/** An experiment's results folder. */
export interface ExperimentResults {
  readonly folder: string;
  readonly experiment: ExperimentFile;
  /** The cells of the latest plan, in its order. */
  readonly cells: readonly CellResult[];
  /** Ids of finished runs that the latest plan does not hold, e.g. those of an earlier, wider grid. */
  readonly unplanned: readonly string[];
}

/** A folder that looks like an experiment's but cannot be read. */
export interface BrokenExperiment {
  readonly folder: string;
  readonly problems: readonly Problem[];
}

const fileName = 'experiment.json';

/** Writes `experiment.json`, whole or not at all. Creates the folder. */
export async function writeExperimentFile(
  folder: string,
  experiment: z.input<typeof experimentFileSchema>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${fileName}.${randomUUID()}`);
  try {
    await writeFile(temporary, `${JSON.stringify(experimentFileSchema.parse(experiment), null, 2)}\n`);
    await rename(temporary, join(folder, fileName));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Reads an experiment's plan and what became of its cells. A cell that cannot be read is reported as broken and does
 * not hide the others.
 *
 * @throws UserError EXPERIMENT_FILE_MISSING, EXPERIMENT_FILE_MALFORMED, RESULTS_UNREADABLE
 */
export function readExperiment(folder: string): ExperimentResults {
  const experiment = readExperimentFile(folder);
  const planned = new Set(experiment.cells.map(({ id }) => id));
  return {
    folder,
    experiment,
    cells: experiment.cells.map((cell) => ({ cell, outcome: cellOutcome(folder, cell.id) })),
    unplanned: cellFolders(folder).filter((id) => !id.startsWith('.') && !planned.has(id)),
  };
}

/**
 * Every experiment below a results folder, by name; `folder` may also be an experiment's own.
 *
 * @throws UserError RESULTS_NOT_FOUND
 */
export function listExperiments(folder: string): (ExperimentResults | BrokenExperiment)[] {
  return experimentFolders(folder).map((candidate) =>
    problemsInsteadOf(
      () => readExperiment(candidate),
      (problems) => ({ folder: candidate, problems }),
    ),
  );
}

/**
 * The folders of all experiments below a results folder, by name; `folder` may also be an experiment's own.
 *
 * @throws UserError RESULTS_NOT_FOUND, RESULTS_UNREADABLE
 */
export function experimentFolders(folder: string): string[] {
  if (!existsSync(folder)) {
    throw new UserError({
      code: 'RESULTS_NOT_FOUND',
      given: folder,
      expected: 'a results folder',
      remedy: 'Run a sweep first, for example: yarn sweep experiments/retrofit.ts. Or name another folder.',
    });
  }
  const candidates = looksLikeExperiment(folder) ? [folder] : subfolders(folder).map((name) => join(folder, name));
  return candidates.filter(looksLikeExperiment);
}

/**
 * Reads how a run started and ended, and nothing of its course.
 *
 * @throws UserError RUN_INCOMPLETE, JOURNAL_MALFORMED, RESULTS_UNREADABLE
 */
export function readRunSummary(folder: string): RunSummary {
  const { first, last } = reading(journalOf(folder), readJournalEnds);
  return { folder, ...startAndEnd(folder, first, last) };
}

/**
 * Reads a whole run.
 *
 * @throws UserError RUN_INCOMPLETE, JOURNAL_MALFORMED, RESULTS_UNREADABLE
 */
export function readRun(folder: string): Run {
  const records = reading(journalOf(folder), readJournal);
  return {
    folder,
    ...startAndEnd(folder, records[0], records.at(-1)),
    steps: records.filter((record) => record.type === 'step'),
    validations: records.filter((record) => record.type === 'validation'),
    predictions: records.filter((record) => record.type === 'predictions'),
    events: records.filter((record) => record.type === 'event'),
    examples: records.find((record) => record.type === 'examples'),
    layers: records.find((record) => record.type === 'layers'),
  };
}

function startAndEnd(folder: string, start: JournalRecord | undefined, end: JournalRecord | undefined) {
  if (start?.type === 'start' && end?.type === 'end') return { start, end };
  throw new UserError({
    code: 'RUN_INCOMPLETE',
    given: journalOf(folder),
    expected: 'a journal with a start and an end',
    remedy: 'Delete the folder of this run and repeat the sweep; only this run is computed again.',
  });
}

/** What has become of a planned cell of the experiment in `folder`. */
export function cellOutcome(folder: string, id: string): CellOutcome {
  const finished = finishedFolder(folder, id);
  const failed = failedFolder(folder, id);
  return problemsInsteadOf<CellOutcome>(
    () => {
      if (existsSync(journalOf(finished))) return { state: 'finished', run: readRunSummary(finished) };
      return existsSync(failed) ? { state: 'failed', message: failureMessage(failed) } : { state: 'missing' };
    },
    (problems) => ({ state: 'broken', problems }),
  );
}

/** The message at the head of `error.txt`, without the stack below it. */
function failureMessage(folder: string): string {
  const path = join(folder, 'error.txt');
  if (!existsSync(path)) return 'no reason was recorded';
  const [message = ''] = reading(path, (file) => readFileSync(file, 'utf8')).split(/\n\s+at /);
  return message.trim();
}

/** Where a results folder keeps what its cells share; of an experiment's own folder, that of the one around it. */
export function cacheOf(folder: string): string {
  return join(hasExperiment(folder) ? dirname(resolve(folder)) : folder, 'cache');
}

/** Whether a folder holds an experiment's plan. */
export function hasExperiment(folder: string): boolean {
  return existsSync(join(folder, fileName));
}

/**
 * Reads an experiment's plan.
 *
 * @throws UserError EXPERIMENT_FILE_MISSING, EXPERIMENT_FILE_MALFORMED, RESULTS_UNREADABLE
 */
export function readExperimentFile(folder: string): ExperimentFile {
  const path = join(folder, fileName);
  if (!hasExperiment(folder)) {
    throw new UserError({
      code: 'EXPERIMENT_FILE_MISSING',
      given: path,
      expected: `the folder of an experiment, with ${fileName}`,
      remedy: 'Run the sweep again with the same --out to write it anew; finished cells are kept.',
    });
  }
  const malformed = (reason: string) =>
    new UserError({
      code: 'EXPERIMENT_FILE_MALFORMED',
      given: `${path} (${reason})`,
      expected: `an ${fileName} of format 1`,
      remedy: 'Run the sweep again with the same --out to write it anew; finished cells are kept.',
    });
  let content: unknown;
  try {
    content = JSON.parse(reading(path, (file) => readFileSync(file, 'utf8')));
  } catch (error) {
    throw error instanceof SyntaxError ? malformed('not JSON') : error;
  }
  const parsed = experimentFileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw malformed(parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; '));
}

/** Where the run of a finished cell lies in its experiment's folder. */
export function finishedFolder(folder: string, cell: string): string {
  return join(folder, 'cells', cell);
}

/** What is left of a cell that failed. */
export function failedFolder(folder: string, cell: string): string {
  return join(folder, 'failed', cell);
}

/** Names of the folders of cells in an experiment's folder: of finished ones their ids, and those of cells at work. */
export function cellFolders(folder: string): string[] {
  return subfolders(join(folder, 'cells'));
}

/** A run's journal. */
export function journalOf(folder: string): string {
  return join(folder, 'journal.jsonl');
}

function looksLikeExperiment(folder: string): boolean {
  return hasExperiment(folder) || existsSync(join(folder, 'cells'));
}

function subfolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return reading(folder, (path) => readdirSync(path, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .sort();
}

/** Turns the system's refusal to read a file into the user's problem. */
function reading<T>(path: string, read: (path: string) => T): T {
  try {
    return read(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new UserError({
      code: 'RESULTS_UNREADABLE',
      given: `${path} (${code})`,
      expected: 'a file or folder that can be read',
      remedy: 'Check that it exists and its permissions.',
    });
  }
}

function problemsInsteadOf<T, U = T>(read: () => T, instead: (problems: readonly Problem[]) => U): T | U {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return instead(error.problems);
    throw error;
  }
}

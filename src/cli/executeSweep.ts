import { join } from 'node:path';
import process from 'node:process';
import { hideBin } from 'yargs/helpers';
import type { EngineRequest } from '../engine/engine.ts';
import { formatProblem, type Problem, throwIfAny, UserError } from '../errors.ts';
import { formatDuration } from '../report/duration.ts';
import { coloursOf, type ReportStream, widthOf } from '../report/terminal.ts';
import { createView } from '../report/view.ts';
import { findEnvironment } from '../sweep/environment.ts';
import { estimateSweep } from '../sweep/estimate.ts';
import { labelOf } from '../sweep/labels.ts';
import { parseOverride, parseSeeds } from '../sweep/overrides.ts';
import { type PreparedSweep, prepareSweep } from '../sweep/prepare.ts';
import type { SweepView } from '../sweep/progress.ts';
import { runSweep, type SweepOutcome, stopWorkers } from '../sweep/sweep.ts';
import type { WorkerProcess } from '../sweep/workerProcess.ts';
import { readExperiment } from '../tracking/results.ts';
import { type WandbMode, type WandbSettings, wandbSettings } from '../wandb/settings.ts';
import type { TrackerReport } from '../wandb/trackerProtocol.ts';
import { WandbTracking } from '../wandb/tracking.ts';
import { places } from './environment.ts';
import { loadExperiment } from './loadExperiment.ts';
import { defaultResults, usageProblem } from './run.ts';
import { wandbLine, wandbOutcome } from './wandbText.ts';

const help = 'yarn sweep --help';

/** Milliseconds that W&B has at the end of a sweep; what has not arrived by then is uploaded by `yarn runs sync`. */
const uploadPatience = 30_000;
const interruptedPatience = 5000;

/** The command line of `yarn sweep`, as yargs gives it. */
interface SweepArguments {
  readonly file: string;
  readonly set?: readonly (string | number)[] | undefined;
  readonly seeds?: string | undefined;
  readonly encoder?: string | undefined;
  readonly data?: string | undefined;
  readonly tasks?: string | undefined;
  readonly precision?: string | undefined;
  readonly engine: EngineRequest['engine'];
  readonly workers?: number | undefined;
  readonly out: string;
  readonly smoke: boolean;
  readonly dryRun: boolean;
  readonly fresh: boolean;
  readonly stopOnFailure: boolean;
  readonly wandb?: WandbMode | undefined;
  readonly json: boolean;
}

/**
 * Runs what the command line says and gives the exit code.
 *
 * @param worker a process that waits for its set-up
 * @throws UserError for every mistake of the user
 */
export async function executeSweep(args: SweepArguments, worker: WorkerProcess): Promise<number> {
  refuseRepeated(args);
  const { file } = args;
  const set = readAll((args.set ?? []).map(String), parseOverride);
  const short: [string, unknown][] = [
    ['encoder', args.encoder],
    ['data.source', args.data],
    ['evaluation.downstream.tasks', args.tasks?.split(',').map((task) => task.trim())],
    ['precision', args.precision],
  ];
  for (const [path, value] of short) if (value !== undefined) set.push({ path, value });

  const settings = wandbSettings(args.wandb, process.env);
  const [experiment, environment] = await Promise.all([loadExperiment(file), findEnvironment()]);
  const sweep = await prepareSweep(
    {
      experiment,
      overrides: { set, ...(args.seeds !== undefined && { seeds: parseSeeds(args.seeds) }) },
      engine: args.engine,
      ...(args.workers !== undefined && { workers: checkedWorkers(args.workers) }),
      out: args.out,
      places: places(process.env),
      smoke: args.smoke,
      worker,
      environment,
    },
    showDownload,
  );
  // With --json standard output holds the result and nothing else.
  const terminal = args.json ? process.stderr : process.stdout;
  const print = (text = '') => terminal.write(`${text}\n`);
  print(engineLine(sweep));
  print(`  ${wandbLine(settings)}`);
  for (const note of sweep.notes) print(`  ${note}`);
  if (args.dryRun) return dryRun(sweep, args.fresh, args.json, print);

  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  // Not `once`: tsx, which passes signals on, ends a process that no longer listens.
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const view = await createView(terminal, { isTerminal: terminal.isTTY === true });
  const tracking = trackingOf(sweep, settings, view);
  let outcome: SweepOutcome;
  let tracked: TrackerReport | undefined;
  try {
    outcome = await runSweep(sweep, {
      file,
      command: commandLine(),
      fresh: args.fresh,
      stopOnFailure: args.stopOnFailure,
      view,
      ...(tracking && { observer: tracking }),
      signal: interrupt.signal,
    });
  } finally {
    tracked = await tracking?.close(interrupt.signal.aborted ? interruptedPatience : uploadPatience);
  }
  const code = await conclude({ sweep, outcome, out: args.out, json: args.json, terminal, print });
  if (tracking?.hasStarted) {
    const text = wandbOutcome(settings, tracked, `yarn runs sync ${sweep.plan.name}${resultsFlag(args.out)}`);
    if (!settings.silent || text.startsWith('!')) print(text);
  }
  return code;
}

function trackingOf({ plan, folder }: PreparedSweep, settings: WandbSettings, view: SweepView) {
  if (settings.mode === 'disabled') return undefined;
  return new WandbTracking({ settings, experiment: plan.name, folder }, (text) => view.line(`! ${text}`));
}

function readAll<T>(texts: readonly string[], read: (text: string) => T): T[] {
  const problems: Problem[] = [];
  const values = texts.flatMap((text) => {
    try {
      return [read(text)];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  throwIfAny(problems);
  return values;
}

/** yargs makes a list of a flag that is given twice. */
function refuseRepeated(args: SweepArguments): void {
  const repeated = Object.entries(args)
    .filter(([name, value]) => name !== '_' && name !== 'set' && Array.isArray(value))
    .map(([name]) => name);
  if (repeated.length > 0) throw usageProblem(`--${repeated.join(' and --')} more than once`, help);
}

function checkedWorkers(workers: number): number {
  if (Number.isInteger(workers) && workers >= 1 && workers <= 256) return workers;
  throw new UserError({
    code: 'WORKERS_INVALID',
    given: `--workers ${workers}`,
    expected: 'a whole number from 1 to 256',
    remedy: 'Leave it out for one process a core.',
  });
}

/** `retrofit: tensorflow (libtensorflow 2.21.0, CPU, fused ops) · 2 workers × 1 thread · bfloat16` */
function engineLine({ plan, groups }: PreparedSweep): string {
  const engines = groups.map(({ engine, pool }) =>
    [
      `${engine.name} (${engine.detail})`,
      `${count(pool.size, 'worker')} × ${count(engine.threads, 'thread')}`,
      engine.precision,
      ...(engine.slowerBecause === undefined ? [] : [engine.slowerBecause]),
    ].join(' · '),
  );
  return `${plan.name}: ${engines.join(' and ')}`;
}

async function dryRun(sweep: PreparedSweep, fresh: boolean, json: boolean, print: (text?: string) => void) {
  try {
    const estimate = await estimateSweep(sweep, fresh);
    if (json) {
      process.stdout.write(`${JSON.stringify({ ...estimate, folder: sweep.folder }, null, 2)}\n`);
      return 0;
    }
    for (const { cells } of sweep.groups) {
      for (const { cell, workload } of cells) print(`  ${cell.id}  ${labelOf(cell)}  ${count(workload.steps, 'step')}`);
    }
    print(
      `${count(estimate.cells, 'cell')}, ${estimate.finished} of them finished; ${count(estimate.steps, 'step')} to do.`,
    );
    print(
      `Estimated from a measurement here and now: ${formatDuration(estimate.seconds)}, ${Math.ceil(estimate.bytes / 1e6)} MB in ${sweep.folder}.`,
    );
    if (estimate.memoryBytes > 0) print(`Memory: about ${(estimate.memoryBytes / 1e9).toFixed(1)} GB for all workers.`);
    for (const reason of estimate.unmeasured) print(`Not all of it, since some cells could not be measured: ${reason}`);
    return 0;
  } finally {
    await stopWorkers(sweep);
  }
}

interface Conclusion {
  readonly sweep: PreparedSweep;
  readonly outcome: SweepOutcome;
  readonly out: string;
  readonly json: boolean;
  readonly terminal: ReportStream;
  readonly print: (text?: string) => void;
}

/**
 * Prints what came out and gives the exit code.
 *
 * @throws UserError if there is no finished cell, and all of them failed by mistakes of the user
 */
async function conclude({ sweep, outcome, out, json, terminal, print }: Conclusion): Promise<number> {
  // Loaded only now: it takes longer than finding most mistakes.
  const { compare } = await import('../report/comparison.ts');
  const { comparisonTable } = await import('../report/comparisonTable.ts');
  const comparison = compare(readExperiment(sweep.folder));
  if (json) process.stdout.write(`${JSON.stringify(comparison, null, 2)}\n`);
  const finished = outcome.done + outcome.reused;
  if (finished === 0 && !outcome.interrupted) throwIfAny(mistakesIn(outcome));
  // The table names the failures too.
  if (finished > 0)
    print(`\n${comparisonTable(comparison, { width: widthOf(terminal), colours: coloursOf(terminal) })}`);
  else for (const warning of comparison.warnings) print(`! ${warning}`);
  if (outcome.interrupted) {
    print(
      `\nInterrupted. ${count(finished, 'finished cell')} kept in ${sweep.folder}; continue with:\n  ${commandLine()}`,
    );
    return 130;
  }
  print(`\nResults: ${sweep.folder}`);
  const list = out === defaultResults ? 'yarn runs list' : `yarn runs list ${shellWord(out)}`;
  print(`Next:    yarn runs show ${sweep.plan.name}${resultsFlag(out)}   ·   ${list}`);
  if (outcome.failures.length === 0) return 0;
  print(
    `${count(outcome.failures.length, 'cell')} failed; the same command tries only those again. Logs: ${join(sweep.folder, 'logs')}`,
  );
  return 1;
}

/** The mistakes of the user that made all the cells fail, each once; none if a cell failed by something else. */
function mistakesIn({ failures }: SweepOutcome): Problem[] {
  if (!failures.every(({ problems }) => problems)) return [];
  const problems = failures.flatMap((failure) => failure.problems ?? []);
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

/** The command that continues this sweep: with --fresh it would begin again. */
function commandLine(): string {
  const args = hideBin(process.argv).filter((arg) => !/^--fresh(=|$)/.test(arg));
  return ['yarn sweep', ...args.map(shellWord)].join(' ');
}

/** How the other commands are told of a results folder. */
function resultsFlag(out: string): string {
  return out === defaultResults ? '' : ` --results ${shellWord(out)}`;
}

function shellWord(text: string): string {
  return /^[\w./:=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function showDownload(name: string, done: number, total: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(
    `\r${name}: ${Math.round(done / 1e6)} of ${Math.round(total / 1e6)} MB ${done === total ? '\n' : ''}`,
  );
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

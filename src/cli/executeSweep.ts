import { join } from 'node:path';
import process from 'node:process';
import { formatProblem, type Problem, throwIfAny, UserError } from '../errors.ts';
import { cellLine } from '../report/cellLine.ts';
import { formatDuration } from '../report/duration.ts';
import { coloursOf, type ReportStream, widthOf } from '../report/terminal.ts';
import { createView } from '../report/view.ts';
import { agentExperiment } from '../sweep/agentArguments.ts';
import { findEnvironment } from '../sweep/environment.ts';
import { estimateSweep } from '../sweep/estimate.ts';
import { labelOf } from '../sweep/labels.ts';
import { parseOverride, parseSeeds } from '../sweep/overrides.ts';
import { type PreparedSweep, prepareSweep } from '../sweep/prepare.ts';
import type { SweepView } from '../sweep/progress.ts';
import { runSweep, type SweepOutcome, stopWorkers } from '../sweep/sweep.ts';
import type { WorkerProcess } from '../sweep/workerProcess.ts';
import { readExperiment } from '../tracking/results.ts';
import { wandbFolder } from '../wandb/runFolder.ts';
import { checkLogFolder, checkSweepMode, type WandbSettings, wandbSettings } from '../wandb/settings.ts';
import type { TrackerReport } from '../wandb/trackerProtocol.ts';
import { WandbTracking } from '../wandb/tracking.ts';
import { agentWords } from './agentWords.ts';
import { commandLine, shellWord } from './commandLine.ts';
import { count } from './count.ts';
import { type AgentRun, agentRun, places, withoutAgentFolder } from './environment.ts';
import { loadExperiment } from './loadExperiment.ts';
import { defaultResults, usageProblem } from './run.ts';
import type { SweepArguments } from './sweepArguments.ts';
import { wandbLine, wandbOutcome } from './wandbText.ts';

const help = 'yarn sweep --help';

/** Milliseconds that W&B has at the end of a sweep; what has not arrived by then is uploaded by `yarn runs sync`. */
const uploadPatience = 30_000;
const interruptedPatience = 5000;

/**
 * Runs what the command line says and gives the exit code.
 *
 * @param worker a process that waits for its set-up
 * @throws UserError for every mistake of the user
 */
export async function executeSweep(args: SweepArguments, worker: WorkerProcess): Promise<number> {
  const { file } = args;
  const set = readAll((args.set ?? []).map(String), parseOverride);
  const short: [string, unknown][] = [
    ['encoder', args.encoder],
    ['data.source', args.data],
    ['evaluation.downstream.tasks', args.tasks?.split(',').map((task) => task.trim())],
    ['precision', args.precision],
  ];
  for (const [path, value] of short) if (value !== undefined) set.push({ path, value });

  const isAgent = args.agent !== undefined;
  if (isAgent && args.wandbSweep) throw usageProblem('--agent and --wandb-sweep together', help);
  if (isAgent && args.seeds !== undefined) throw usageProblem('--agent, whose JSON has the seed, and --seeds', help);
  const settings = wandbSettings(args.wandb, isAgent ? withoutAgentFolder(process.env, process.cwd()) : process.env);
  checkLogFolder(settings);
  if (args.wandbSweep) checkSweepMode(settings);
  const [loaded, environment] = await Promise.all([loadExperiment(file), findEnvironment()]);
  const seeds = args.seeds === undefined ? undefined : parseSeeds(args.seeds);
  const { experiment, overrides } =
    args.agent === undefined
      ? { experiment: loaded, overrides: { set, ...(seeds && { seeds }) } }
      : agentExperiment(loaded, set, args.agent);
  const sweep = await prepareSweep(
    {
      experiment,
      overrides,
      engine: args.engine,
      ...(args.workers !== undefined && { workers: checkedWorkers(args.workers) }),
      out: args.out,
      places: places(process.env),
      smoke: args.smoke,
      tensorBoard: args.tensorboard,
      worker,
      environment,
    },
    showDownload,
  );
  // With --json standard output holds the result and nothing else.
  const terminal = args.json ? process.stderr : process.stdout;
  const print = (text = '') => terminal.write(`${text}\n`);
  print(engineLine(sweep));
  if (!settings.silent) print(`  ${wandbLine(settings)}`);
  if (args.tensorboard) print(`  tensorboard --logdir ${shellWord(join(sweep.folder, 'cells'))}`);
  for (const note of sweep.notes) print(`  ${note}`);
  if (args.dryRun) return dryRun(sweep, args.fresh, args.json, print);

  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  // Not `once`: tsx, which passes signals on, ends a process that no longer listens.
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const view = await createView(terminal, { isTerminal: terminal.isTTY === true });
  let run: AgentRun = isAgent ? agentRun(process.env) : {};
  if (args.wandbSweep) run = await sweepOnServer(sweep, settings, args, print);
  const tracking = trackingOf(sweep, settings, run, view);
  let code: number;
  let tracked: TrackerReport | undefined;
  try {
    const outcome = await runSweep(sweep, {
      file,
      command: continuing(),
      fresh: args.fresh,
      joins: isAgent,
      stopOnFailure: args.stopOnFailure,
      view,
      cellLine,
      ...(tracking && { observer: tracking }),
      signal: interrupt.signal,
    });
    code = await conclude({ sweep, outcome, out: args.out, json: args.json, terminal, print });
  } finally {
    tracked = await tracking?.close(interrupt.signal.aborted ? interruptedPatience : uploadPatience, interrupt.signal);
  }
  if (tracking?.hasStarted) {
    const text = wandbOutcome(
      settings,
      tracked,
      `yarn runs sync ${sweep.plan.name}${resultsFlag(args.out)}`,
      interrupt.signal.aborted,
    );
    if (!settings.silent || text.startsWith('!')) print(text);
  }
  return code;
}

/** The sweep on the server; where it cannot be had, the runs go without it. */
async function sweepOnServer(
  { plan, folder }: PreparedSweep,
  settings: WandbSettings,
  args: SweepArguments,
  print: (text: string) => void,
): Promise<AgentRun> {
  const { upsertSweep } = await import('../wandb/sweepOnServer.ts');
  try {
    const command = { file: args.file, words: agentWords(args) };
    const { entity, name } = await upsertSweep(settings, plan, command, wandbFolder(settings.folder ?? folder));
    print(
      `  W&B sweep ${name}; more workers, on other machines: wandb agent ${shellWord(`${entity}/${settings.project}/${name}`)}`,
    );
    return { sweepId: name };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    print(`! no W&B sweep: ${error.message}`);
    return {};
  }
}

function trackingOf({ plan, folder }: PreparedSweep, settings: WandbSettings, run: AgentRun, view: SweepView) {
  if (settings.mode === 'disabled') return undefined;
  return new WandbTracking({ settings, experiment: plan.name, folder, ...run }, (text) => view.line(`! ${text}`));
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
      `\nInterrupted. ${count(finished, 'finished cell')} kept in ${sweep.folder}; continue with:\n  ${continuing()}`,
    );
    return 130;
  }
  print(`\nResults: ${sweep.folder}`);
  const place = out === defaultResults ? '' : ` ${shellWord(out)}`;
  print(
    `Next:    yarn dashboard${place}   ·   yarn runs show ${sweep.plan.name}${resultsFlag(out)}   ·   yarn runs list${place}`,
  );
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
function continuing(): string {
  return commandLine('yarn sweep', '--fresh');
}

/** How the other commands are told of a results folder. */
function resultsFlag(out: string): string {
  return out === defaultResults ? '' : ` --results ${shellWord(out)}`;
}

function showDownload(name: string, done: number, total: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(
    `\r${name}: ${Math.round(done / 1e6)} of ${Math.round(total / 1e6)} MB ${done === total ? '\n' : ''}`,
  );
}

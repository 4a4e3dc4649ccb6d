import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Problem, UserError } from '../errors.ts';
import type { EndRecord } from '../tracking/journal.ts';
import { mergeExperiments } from '../tracking/mergeExperiments.ts';
import { type ExperimentFile, hasExperiment, readExperimentFile, writeExperimentFile } from '../tracking/results.ts';
import { betterArrangement } from './arrangement.ts';
import { folderAtWork } from './cells.ts';
import { labelOf } from './labels.ts';
import { lockFolder } from './lock.ts';
import type { SweepObserver } from './observer.ts';
import type { CellGroup, PreparedSweep } from './prepare.ts';
import type { JobProgress, SweepView } from './progress.ts';
import type { Job, JobFailure, JobResult } from './protocol.ts';
import { type GroupWork, pendingCells, type Task, tasksOf, workOf } from './work.ts';
import { Pace, secondsFor, type Workload } from './workload.ts';
import { asWriteError } from './writeErrors.ts';

export interface SweepOptions {
  /** The experiment's file and the command line, to be shown with the results. */
  readonly file: string;
  readonly command: string;
  /** Computes finished cells again. */
  readonly fresh: boolean;
  /** Adds to what is planned in the folder already, and waits for sweeps that work there. */
  readonly joins: boolean;
  /** Starts no further cell after the first failure. */
  readonly stopOnFailure: boolean;
  readonly view: SweepView;
  /** A finished cell in one line. */
  readonly cellLine: (label: string, end: EndRecord, columns: readonly string[]) => string;
  readonly observer?: SweepObserver;
  readonly signal: AbortSignal;
}

export interface CellFailure {
  readonly id: string;
  readonly label: string;
  readonly message: string;
  readonly problems?: readonly Problem[];
}

export interface SweepOutcome {
  readonly done: number;
  readonly reused: number;
  readonly failures: readonly CellFailure[];
  readonly interrupted: boolean;
}

/**
 * Runs the cells that are not finished yet. One failing cell does not stop the others; an abort ends the workers at
 * once, and the same command continues where it was.
 *
 * @throws UserError SWEEP_RUNNING if another sweep works in the folder, RESULTS_NOT_WRITABLE, DISK_FULL
 */
export async function runSweep(sweep: PreparedSweep, options: SweepOptions): Promise<SweepOutcome> {
  const stop = () => stopWorkers(sweep);
  options.signal.addEventListener('abort', stop);
  let lost = false;
  let unlock: (() => Promise<void>) | undefined;
  try {
    unlock = await lockFolder(
      sweep.folder,
      () => {
        lost = true;
        void stop();
      },
      options.joins ? options.signal : undefined,
    );
    await removeLeftovers(sweep);
    if (options.fresh) await removeFinished(sweep);
    await recordExperiment(sweep, options);
    const outcome = await new Run(sweep, options).all();
    if (lost) throw lockLost(sweep.folder);
    return outcome;
  } catch (error) {
    // While it waited for another sweep.
    if (!unlock && options.signal.aborted) return { done: 0, reused: 0, failures: [], interrupted: true };
    throw error;
  } finally {
    options.signal.removeEventListener('abort', stop);
    options.view.stop();
    // Workers run since the sweep was prepared. Only when they are gone does nobody write any more.
    await stop();
    if (unlock && !lost) {
      try {
        await removeLeftovers(sweep);
      } finally {
        await unlock();
      }
    }
  }
}

/** Ends the workers of all groups at once; resolves when they are gone. */
export async function stopWorkers({ groups }: Pick<PreparedSweep, 'groups'>): Promise<void> {
  await Promise.all(groups.map(({ pool }) => pool.stop()));
}

function lockLost(folder: string): UserError {
  return new UserError({
    code: 'SWEEP_LOCK_LOST',
    given: `${folder} was taken over while this process was asleep`,
    expected: 'a sweep that is not suspended',
    remedy: 'Run the same command again when no other sweep writes there: finished cells are kept.',
  });
}

/** Temporary folders of runs that were cut off. */
async function removeLeftovers({ folder }: PreparedSweep): Promise<void> {
  const cells = join(folder, 'cells');
  for (const name of existsSync(cells) ? await readdir(cells) : []) {
    if (name.startsWith('.')) await rm(join(cells, name), { recursive: true, force: true });
  }
}

/** So that a fresh sweep that is cut off does not show old numbers as its own. */
async function removeFinished({ folder, groups }: PreparedSweep): Promise<void> {
  for (const { cell } of groups.flatMap(({ cells }) => cells)) {
    await rm(join(folder, 'cells', cell.id), { recursive: true, force: true });
    await rm(join(folder, 'failed', cell.id), { recursive: true, force: true });
  }
}

async function recordExperiment({ plan, folder, groups }: PreparedSweep, { file, command, joins }: SweepOptions) {
  const experiment: ExperimentFile = {
    format: 1,
    name: plan.name,
    file,
    command,
    engine: groups.map(({ engine }) => engine),
    points: plan.points.map(({ axes }) => ({ axes })),
    seeds: plan.seeds,
    columns: plan.columns,
    cells: groups.flatMap(({ cells }) =>
      cells.map(({ cell: { id, kind, axes, seed }, original }) => ({ id, kind, axes, seed, original })),
    ),
  };
  try {
    const earlier = joins && hasExperiment(folder) ? readExperimentFile(folder) : undefined;
    await writeExperimentFile(folder, earlier ? mergeExperiments(earlier, experiment) : experiment);
  } catch (error) {
    throw asWriteError(error, folder);
  }
}

/** One go through all groups; holds what is counted on the way. */
class Run {
  readonly #sweep: PreparedSweep;
  readonly #options: SweepOptions;
  readonly #started = performance.now();
  readonly #running = new Map<number, JobProgress>();
  readonly #failures: CellFailure[] = [];
  readonly #total: number;
  readonly #reused: number;
  #done = 0;
  #pace: Pace | undefined;
  #paceStarted = 0;

  constructor(sweep: PreparedSweep, options: SweepOptions) {
    this.#sweep = sweep;
    this.#options = options;
    const retrofits = sweep.groups.flatMap(({ cells }) => cells).filter(({ cell }) => cell.kind === 'retrofit');
    this.#total = retrofits.length;
    const pending = sweep.groups.flatMap((group) => pendingCells(group, sweep.folder));
    this.#reused = retrofits.filter((planned) => !pending.includes(planned)).length;
  }

  async all(): Promise<SweepOutcome> {
    const clock = setInterval(() => this.#show(), 1000);
    try {
      const works = await Promise.all(this.#sweep.groups.map((group) => workOf(this.#sweep, group, false)));
      this.#tellFound(works);
      this.#startPace(works.flatMap(tasksOf));
      for (const [i, work] of works.entries()) {
        const { pool } = work.group;
        await pool.resize(Math.max(1, Math.min(pool.size, work.cells.length)));
        if (!this.#ended) void pool.warmUp();
        // An embedding that fails here is tried again by each cell, so that only those fail that truly need it.
        if (!this.#ended) await this.#runJobs(work.group, work.embeddings);
        const later = works.slice(i + 1).flatMap(tasksOf);
        if (!this.#ended) await this.#arrange(work, later);
        if (!this.#ended) await this.#runJobs(work.group, work.cells);
        await pool.stop();
      }
    } finally {
      clearInterval(clock);
    }
    return {
      done: this.#done,
      reused: this.#reused,
      failures: this.#failures,
      interrupted: this.#options.signal.aborted,
    };
  }

  get #ended(): boolean {
    return this.#options.signal.aborted || (this.#options.stopOnFailure && this.#failures.length > 0);
  }

  /** Cells of this sweep that are there already. */
  #tellFound(works: readonly GroupWork[]): void {
    const pending = new Set(works.flatMap(({ cells }) => cells.map(({ job }) => job.id)));
    for (const { cell } of this.#sweep.groups.flatMap(({ cells }) => cells)) {
      if (!pending.has(cell.id)) this.#options.observer?.found(cell, this.#journalOf('cells', cell.id));
    }
  }

  #journalOf(...below: string[]): string {
    return join(this.#sweep.folder, ...below, 'journal.jsonl');
  }

  /** @param tasks all that is left */
  #startPace(tasks: readonly Task[]): void {
    this.#pace = new Pace(
      tasks.reduce((sum, { workload, expectation }) => sum + secondsFor(workload, expectation.rates), 0),
    );
    this.#paceStarted = performance.now();
  }

  async #arrange(work: GroupWork, later: readonly Task[]): Promise<void> {
    const { pool } = work.group;
    const before = pool.size;
    const better = await betterArrangement(this.#sweep, work);
    if (!better || this.#ended) return;
    await pool.arrange(better);
    // Neither the time of comparing nor the pace before it tells how long the rest takes.
    this.#startPace([...work.cells, ...later]);
    if (pool.size < before) {
      this.#options.view.line(`1 worker × ${better.threads} threads: measured, and faster here`);
    }
  }

  async #runJobs({ pool }: CellGroup, tasks: readonly Task[]): Promise<void> {
    const taskOf = new Map(tasks.map((task) => [task.job, task]));
    const finish = (worker: number, job: Job) => {
      this.#running.delete(worker);
      const { workload, expectation } = taskOf.get(job) as Task;
      this.#pace?.finish(worker, secondsFor(workload, expectation.rates));
      this.#show();
    };
    const recorded: Promise<void>[] = [];
    await pool.run(
      tasks.map(({ job }) => job),
      {
        onStarted: (job, pid) => {
          if (job.kind !== 'cell') return;
          const journal = join(folderAtWork(this.#sweep.folder, job.cell.id, pid), 'journal.jsonl');
          this.#options.observer?.started(job.cell, journal, pid);
        },
        onPrinted: (job, text) => {
          if (job.kind === 'cell') this.#options.observer?.printed(job.cell, text);
        },
        onProgress: (worker, job, progress) => {
          this.#running.set(worker, progress);
          const { workload, expectation } = taskOf.get(job) as Task;
          this.#pace?.progress(worker, secondsFor(workDone(progress, workload), expectation.rates));
          this.#show();
        },
        onDone: (job, result, worker) => {
          this.#finishCell(job, result);
          finish(worker, job);
        },
        onFailed: (job, failure, worker) => {
          recorded.push(this.#fail(job, failure));
          if (this.#ended) pool.drain();
          finish(worker, job);
        },
      },
    );
    await Promise.all(recorded);
  }

  #finishCell(job: Job, { end, warning }: JobResult): void {
    if (job.kind !== 'cell' || !end) return;
    if (warning !== undefined) this.#options.view.line(`! ${labelOf(job.cell)}: ${warning}`);
    const line = this.#options.cellLine(labelOf(job.cell), end, this.#sweep.plan.columns);
    this.#options.observer?.ended(job.cell, { exitCode: 0, line, journal: this.#journalOf('cells', job.cell.id) });
    if (job.cell.kind === 'original') return;
    this.#done++;
    this.#options.view.line(line);
  }

  async #fail(job: Job, failure: JobFailure): Promise<void> {
    if (job.kind !== 'cell') return;
    const label = labelOf(job.cell);
    this.#failures.push({
      id: job.cell.id,
      label,
      message: failure.message,
      ...(failure.problems && { problems: failure.problems }),
    });
    // A mistake's remedy stands once at the end, not with every cell.
    const reason = failure.problems?.map(({ code, given }) => `${code}: ${given}`).join('; ') ?? failure.message;
    const line = `✗ ${label}: ${reason}`;
    this.#options.view.line(line);
    this.#options.observer?.ended(job.cell, { exitCode: 1, line, journal: this.#journalOf('failed', job.cell.id) });
    const folder = join(this.#sweep.folder, 'failed', job.cell.id);
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'error.txt'), `${failure.stack ?? failure.message}\n`);
    } catch {
      // On a full disk the reason cannot be kept; it has been shown.
    }
  }

  #show(): void {
    const now = performance.now();
    const remaining = this.#pace?.remainingSeconds((now - this.#paceStarted) / 1000);
    this.#options.view.update({
      total: this.#total,
      reused: this.#reused,
      done: this.#done,
      failed: this.#failures.length,
      running: [...this.#running].sort(([a], [b]) => a - b).map(([, progress]) => progress),
      elapsedSeconds: (now - this.#started) / 1000,
      ...(remaining !== undefined && { remainingSeconds: remaining }),
    });
  }
}

/** What a running job has done. */
function workDone({ phase, done, total }: JobProgress, { steps, texts, extraSteps }: Workload): Workload {
  if (phase === 'training') return { steps: done, texts: 0, extraSteps: 0 };
  if (phase === 'evaluating') return { steps, texts: done, extraSteps: 0 };
  if (phase === 'fine-tuning') return { steps, texts, extraSteps: (extraSteps * done) / total };
  return { steps: 0, texts: phase === 'embedding' ? done : 0, extraSteps: 0 };
}

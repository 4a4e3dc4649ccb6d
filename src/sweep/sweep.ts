import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Problem, UserError } from '../errors.ts';
import type { EndRecord } from '../tracking/journal.ts';
import { writeExperimentFile } from '../tracking/results.ts';
import { betterArrangement } from './arrangement.ts';
import { labelOf } from './labels.ts';
import { lockFolder } from './lock.ts';
import { expectedWorkerBytes, workersThatFit } from './memory.ts';
import type { CellGroup, PreparedSweep } from './prepare.ts';
import type { JobProgress, SweepView } from './progress.ts';
import type { Job, JobFailure, JobResult, Rates } from './protocol.ts';
import { type GroupWork, pendingCells, type Task, workOf } from './work.ts';
import { Pace, secondsFor, type Workload } from './workload.ts';
import { asWriteError } from './writeErrors.ts';

export interface SweepOptions {
  /** The experiment's file and the command line, to be shown with the results. */
  readonly file: string;
  readonly command: string;
  /** Computes finished cells again. */
  readonly fresh: boolean;
  /** Starts no further cell after the first failure. */
  readonly stopOnFailure: boolean;
  readonly view: SweepView;
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
    unlock = await lockFolder(sweep.folder, () => {
      lost = true;
      void stop();
    });
    await removeLeftovers(sweep);
    if (options.fresh) await removeFinished(sweep);
    await recordExperiment(sweep, options);
    const outcome = await new Run(sweep, options).all();
    if (lost) throw lockLost(sweep.folder);
    return outcome;
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

async function recordExperiment({ plan, folder, groups }: PreparedSweep, { file, command }: SweepOptions) {
  const experiment = {
    format: 1 as const,
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
    await writeExperimentFile(folder, experiment);
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
  #work: readonly GroupWork[] = [];
  /** Of one worker, by source; those that could not be measured are left out. */
  readonly #rates = new Map<string, Rates>();
  readonly #measured = new Set<string>();
  /** Tasks that are over. */
  readonly #over = new Set<Job>();
  /** There as soon as all sources are measured. */
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
      this.#work = await Promise.all(this.#sweep.groups.map((group) => workOf(this.#sweep, group, false)));
      // All groups are measured before the first cell, so that the estimate holds for all.
      for (const [i, work] of this.#work.entries()) {
        if (!this.#ended) await this.#begin(work);
        if (i > 0) await work.group.pool.rest();
      }
      for (const work of this.#work) {
        if (!this.#ended) await this.#arrange(work);
        if (!this.#ended) await this.#runJobs(work.group, work.cells);
        await work.group.pool.stop();
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

  /** Measures, and computes the frozen embeddings that the cells share meanwhile. */
  async #begin({ group, measurements, embeddings, cells }: GroupWork): Promise<void> {
    const { pool } = group;
    const size = Math.max(1, Math.min(pool.size, cells.length));
    // Of the workers only the first is there yet.
    const free = freemem();
    await pool.resize(workersThatFit(size, embeddingWorkerBytes, free));
    pool.warmUp();
    // An embedding that fails here is tried again by each cell, so that only those fail that truly need it.
    await this.#runJobs(group, [
      ...measurements.map((job) => ({ job, source: job.id, workload: nothing })),
      ...embeddings,
    ]);
    await this.#fitIntoMemory(group, measurements, size, free);
  }

  async #fitIntoMemory(
    { pool, workersAreGiven }: CellGroup,
    measurements: readonly Job[],
    size: number,
    free: number,
  ): Promise<void> {
    const measured = measurements.map(({ id }) => this.#rates.get(id)?.workerBytes ?? 0);
    const needed = expectedWorkerBytes(Math.max(0, ...measured));
    const fit = workersThatFit(size, needed, free);
    await pool.resize(workersAreGiven ? size : fit);
    if (fit === size) return;
    const each = `${(needed / 1e9).toFixed(1)} GB each`;
    if (workersAreGiven) this.#options.view.line(`! ${size} workers of about ${each} may not fit into memory`);
    else {
      this.#options.view.line(`${fit} of ${size} workers, of about ${each}: the free memory is not enough for more`);
    }
  }

  async #arrange(work: GroupWork): Promise<void> {
    const { pool } = work.group;
    const before = pool.size;
    const better = await betterArrangement(this.#sweep, work, this.#rates);
    if (!better || this.#ended) return;
    await pool.arrange(better.arrangement);
    for (const [source, rates] of better.rates) this.#rates.set(source, rates);
    this.#setPace();
    if (pool.size < before) {
      this.#options.view.line(`1 worker × ${better.arrangement.threads} threads: measured, and faster here`);
    }
  }

  async #runJobs({ pool }: CellGroup, tasks: readonly Task[]): Promise<void> {
    const taskOf = new Map(tasks.map((task) => [task.job, task]));
    const finish = (worker: number, job: Job) => {
      this.#running.delete(worker);
      this.#over.add(job);
      const task = taskOf.get(job);
      if (job.kind === 'measure') {
        this.#measured.add(job.id);
        this.#setPace();
      }
      if (job.kind !== 'measure' && task) this.#pace?.finish(worker, this.#secondsOf(task));
      this.#show();
    };
    const recorded: Promise<void>[] = [];
    await pool.run(
      tasks.map(({ job }) => job),
      {
        onProgress: (worker, job, progress) => {
          this.#running.set(worker, progress);
          const task = taskOf.get(job);
          if (task) this.#pace?.progress(worker, secondsDone(progress, task.workload, this.#rates.get(task.source)));
          this.#show();
        },
        onDone: (job, result, worker) => {
          if (result.rates) this.#rates.set(job.id, result.rates);
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

  /** As soon as all sources are measured it is known how long the rest takes. */
  #setPace(): void {
    if (!this.#work.every(({ measurements }) => measurements.every(({ id }) => this.#measured.has(id)))) return;
    const left = this.#work.flatMap(({ embeddings, cells }) => [...embeddings, ...cells]);
    const seconds = left.reduce((sum, task) => sum + (this.#over.has(task.job) ? 0 : this.#secondsOf(task)), 0);
    this.#pace = new Pace(seconds, Math.max(...this.#work.map(({ group }) => group.pool.size)));
    this.#paceStarted = performance.now();
  }

  #secondsOf({ workload, source }: Task): number {
    return secondsFor(workload, this.#rates.get(source) ?? unknownRates);
  }

  #finishCell(job: Job, { end }: JobResult): void {
    if (job.kind !== 'cell' || job.cell.kind === 'original') return;
    this.#done++;
    this.#options.view.line(cellLine(labelOf(job.cell), end));
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
    this.#options.view.line(`✗ ${label}: ${reason}`);
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

/** What a worker needs to embed texts, at most: the weights and a batch. A guess, while nothing is measured yet. */
const embeddingWorkerBytes = 1e9;

/** What a measurement counts for. */
const nothing: Workload = { steps: 0, texts: 0, extraSteps: 0 };

/** Before a measurement: no estimate is better than a wrong one. */
const unknownRates: Rates = {
  secondsPerStep: 0,
  textsPerSecond: Number.POSITIVE_INFINITY,
  encoderBytes: 0,
  embeddingBytes: 0,
  workerBytes: 0,
};

/** Estimated seconds of what a running job has done. */
function secondsDone(
  { phase, done, total }: JobProgress,
  { steps, texts, extraSteps }: Workload,
  rates: Rates = unknownRates,
): number {
  if (phase === 'training') return secondsFor({ steps: done, texts: 0, extraSteps: 0 }, rates);
  if (phase === 'evaluating') return secondsFor({ steps, texts: done, extraSteps: 0 }, rates);
  if (phase === 'fine-tuning') return secondsFor({ steps, texts, extraSteps: (extraSteps * done) / total }, rates);
  return phase === 'embedding' ? secondsFor({ steps: 0, texts: done, extraSteps: 0 }, rates) : 0;
}

/** A finished cell in one line. */
function cellLine(label: string, end: EndRecord | undefined): string {
  const { metrics = {}, status = 'completed', reason, wall } = end ?? {};
  const figures = [
    `Δemb ${Number(metrics['drift.deltaEmb']).toPrecision(3)}`,
    `macro F1 ${(100 * Number(metrics['knn.macroF1'])).toFixed(1)}`,
    `${Number(wall?.seconds).toFixed(0)} s`,
  ].join(', ');
  return `${status === 'diverged' ? '!' : '✓'} ${label}: ${figures}${status === 'completed' ? '' : `, ${status}: ${reason}`}`;
}

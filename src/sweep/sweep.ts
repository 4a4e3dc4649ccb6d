import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Problem, UserError } from '../errors.ts';
import type { EndRecord } from '../tracking/journal.ts';
import { writeExperimentFile } from '../tracking/results.ts';
import { isRates, measureSources, pendingCells } from './estimate.ts';
import { labelOf } from './labels.ts';
import { lockFolder } from './lock.ts';
import { expectedWorkerBytes, workersThatFit } from './memory.ts';
import type { CellGroup, PreparedSweep } from './prepare.ts';
import type { JobProgress, SweepView } from './progress.ts';
import type { Job, JobFailure, JobResult, Rates } from './protocol.ts';
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
  #pace: Pace | undefined;
  #paceStarted = performance.now();
  /** Of the groups after the current one. */
  #laterSeconds = 0;

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
      // All groups are measured before the first begins, so that the estimate holds for all.
      const work: GroupWork[] = [];
      for (const group of this.#sweep.groups) if (!this.#ended) work.push(await this.#measure(group));
      for (const [i, one] of work.entries()) {
        this.#laterSeconds = work.slice(i + 1).reduce((sum, { seconds, workers }) => sum + seconds / workers, 0);
        if (!this.#ended) await this.#runGroup(one);
        await one.group.pool.stop();
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

  async #measure(group: CellGroup): Promise<GroupWork> {
    const pending = pendingCells(group, this.#sweep.folder);
    const sources = await measureSources(this.#sweep, group, pending);
    const rates = new Map<string, Rates>();
    for (const source of sources.values()) if (isRates(source.rates)) rates.set(source.id, source.rates);
    this.#fitIntoMemory(group, [...rates.values()]);

    const embeddings: Task[] = [];
    for (const { id, example, shards } of sources.values()) {
      for (const shard of shards) {
        const workload = { steps: 0, texts: shard.to - shard.from };
        embeddings.push({ job: { kind: 'embed', id, settings: example.settings, shard }, source: id, workload });
      }
    }
    const cells = pending.map(
      ({ cell, original, workload }): Task => ({
        job: { kind: 'cell', id: cell.id, cell },
        source: original ?? cell.id,
        workload,
      }),
    );
    const seconds = [...embeddings, ...cells].reduce(
      (sum, { workload, source }) => sum + secondsFor(workload, rates.get(source) ?? unknownRates),
      0,
    );
    const workers = Math.max(1, Math.min(group.pool.size, pending.length));
    return { group, embeddings, cells, rates, seconds, workers };
  }

  async #runGroup({ group, embeddings, cells, rates, seconds, workers }: GroupWork): Promise<void> {
    this.#pace = new Pace(seconds, workers);
    this.#paceStarted = performance.now();
    // What fails before the cells is tried again by each of them, so that only those fail that truly need it.
    await this.#runJobs(group, embeddings, rates);
    await this.#runJobs(group, cells, rates);
  }

  #fitIntoMemory({ pool, workers, workersAreGiven }: CellGroup, rates: readonly Rates[]): void {
    const needed = expectedWorkerBytes(Math.max(0, ...rates.map(({ workerBytes }) => workerBytes)));
    const fit = workersThatFit(workers, needed);
    if (fit === workers) return;
    const each = `${(needed / 1e9).toFixed(1)} GB each`;
    if (workersAreGiven) this.#options.view.line(`! ${workers} workers of about ${each} may not fit into memory`);
    else {
      pool.size = fit;
      this.#options.view.line(`${fit} of ${workers} workers, of about ${each}: the free memory is not enough for more`);
    }
  }

  async #runJobs({ pool }: CellGroup, tasks: readonly Task[], rates: ReadonlyMap<string, Rates>): Promise<void> {
    const taskOf = new Map(tasks.map((task) => [task.job, task]));
    const estimate = (job: Job) => {
      const task = taskOf.get(job);
      return task ? secondsFor(task.workload, rates.get(task.source) ?? unknownRates) : 0;
    };
    const over = (worker: number, job: Job) => {
      this.#running.delete(worker);
      this.#pace?.finish(worker, estimate(job));
    };
    const recorded: Promise<void>[] = [];
    await pool.run(
      tasks.map(({ job }) => job),
      {
        onProgress: (worker, job, progress) => {
          this.#running.set(worker, progress);
          const task = taskOf.get(job);
          if (task) this.#pace?.progress(worker, secondsDone(progress, task.workload, rates.get(task.source)));
          this.#show();
        },
        onDone: (job, result, worker) => {
          over(worker, job);
          this.#finishCell(job, result);
          this.#show();
        },
        onFailed: (job, failure, worker) => {
          over(worker, job);
          recorded.push(this.#fail(job, failure));
          if (this.#ended) pool.drain();
          this.#show();
        },
      },
    );
    await Promise.all(recorded);
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
    const ofGroup = this.#pace?.remainingSeconds((now - this.#paceStarted) / 1000);
    const remaining = ofGroup === undefined ? undefined : ofGroup + this.#laterSeconds;
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

/** What a group has to do, and how long that takes. */
interface GroupWork {
  readonly group: CellGroup;
  /** Frozen embeddings that the cells share. */
  readonly embeddings: readonly Task[];
  readonly cells: readonly Task[];
  readonly rates: ReadonlyMap<string, Rates>;
  /** Estimated, of one worker. */
  readonly seconds: number;
  /** That can be busy at a time. */
  readonly workers: number;
}

/** A job, the original encoder that it belongs to, and how much there is to do. */
interface Task {
  readonly job: Job;
  readonly source: string;
  readonly workload: Workload;
}

/** Before a measurement: no estimate is better than a wrong one. */
const unknownRates: Rates = {
  secondsPerStep: 0,
  textsPerSecond: Number.POSITIVE_INFINITY,
  encoderBytes: 0,
  embeddingBytes: 0,
  workerBytes: 0,
};

/** Estimated seconds of what a running job has done. */
function secondsDone({ phase, done }: JobProgress, { steps }: Workload, rates: Rates = unknownRates): number {
  if (phase === 'training') return secondsFor({ steps: done, texts: 0 }, rates);
  if (phase === 'evaluating') return secondsFor({ steps, texts: done }, rates);
  return phase === 'embedding' ? secondsFor({ steps: 0, texts: done }, rates) : 0;
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

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { EngineInfo } from '../engine/engine.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Arrangement } from './arrangement.ts';
import type { JobProgress } from './progress.ts';
import type { FromWorker, Job, JobFailure, JobResult, ToWorker, WorkerSetup } from './protocol.ts';
import { forkWorker, type WorkerProcess } from './workerProcess.ts';
import { asWriteError } from './writeErrors.ts';

/** What a pool tells while it works. */
export interface PoolHandlers {
  /** A job begins in the process `pid`. */
  readonly onStarted?: (job: Job, pid: number) => void;
  /** What the process prints while the job runs. */
  readonly onPrinted?: (job: Job, text: string) => void;
  readonly onProgress: (worker: number, job: Job, progress: JobProgress) => void;
  readonly onDone: (job: Job, result: JobResult, worker: number) => void;
  readonly onFailed: (job: Job, failure: JobFailure, worker: number) => void;
}

/**
 * Worker processes, each with an engine of its own. A crash, a native abort or an out-of-memory kill costs the job
 * that ran; the next job gets a new process. What the libraries print goes to `logs/worker-N.log`.
 */
export class WorkerPool {
  #setup: WorkerSetup;
  readonly #workers = new Map<number, Worker>();
  #spare: WorkerProcess | undefined;
  #size: number;
  #stopped = false;
  #drained = false;

  /** @param spare a process that waits for its set-up, for the first worker */
  constructor(setup: WorkerSetup, size: number, spare?: WorkerProcess) {
    this.#setup = setup;
    this.#size = size;
    this.#spare = spare;
  }

  /** How many jobs run at a time. */
  get size(): number {
    return this.#size;
  }

  /**
   * Starts the first worker.
   *
   * @throws UserError if the engine cannot be had, RESULTS_NOT_WRITABLE, DISK_FULL
   */
  async start(): Promise<EngineInfo> {
    return this.#worker(0).engine;
  }

  /** Starts all workers, so that they are ready when there is work for them; resolves when they are. */
  async warmUp(): Promise<void> {
    if (this.#stopped) return;
    // What keeps one from starting is reported by the job that it is to run.
    await Promise.allSettled(Array.from({ length: this.#size }, async (_, slot) => this.#worker(slot).engine));
  }

  /** From now on so many jobs at a time, between two runs. Workers beyond that are ended. */
  async resize(size: number): Promise<void> {
    this.#size = size;
    await this.#end((slot) => slot >= size);
  }

  /** Changes number and threads of the workers, between two runs; ends those that have another number of threads. */
  async arrange({ workers, threads }: Arrangement): Promise<void> {
    if (threads !== this.#setup.engine.threads) await this.#end(() => true);
    this.#setup = { ...this.#setup, engine: { ...this.#setup.engine, threads } };
    await this.resize(workers);
  }

  /** Runs the jobs in order, as many at a time as there are workers; resolves when none runs or is left to run. */
  async run(jobs: readonly Job[], handlers: PoolHandlers): Promise<void> {
    const queue = [...jobs];
    const slots = Array.from({ length: Math.min(this.#size, queue.length) }, (_, slot) => slot);
    let left = queue.length;
    await new Promise<void>((resolve, reject) => {
      // A worker that is still starting when the last job is over is not waited for.
      const over = () => --left === 0 && resolve();
      Promise.all(slots.map((slot) => this.#serve(slot, queue, handlers, over))).then(() => resolve(), reject);
    });
  }

  /** Starts no further job; those that run go on to their end. */
  drain(): void {
    this.#drained = true;
  }

  /** Ends all workers at once; resolves when they are gone. What they were doing is lost, what is finished stays. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#end(() => true);
  }

  async #end(which: (slot: number) => boolean): Promise<void> {
    const ended = [...this.#workers].filter(([slot]) => which(slot));
    await Promise.all(ended.map(([, worker]) => worker.kill()));
  }

  /** Takes jobs as soon as its worker is ready, and does so until there are none. */
  async #serve(slot: number, queue: Job[], handlers: PoolHandlers, over: () => void): Promise<void> {
    while (queue.length > 0 && !this.#stopped && !this.#drained) {
      const ready = (async () => {
        const worker = this.#worker(slot);
        await worker.engine;
        return worker;
      })();
      await Promise.allSettled([ready]);
      if (this.#stopped || this.#drained) return;
      const job = queue.shift();
      if (!job) return;
      try {
        const worker = await ready;
        handlers.onStarted?.(job, worker.pid);
        const result = await worker.run(job, {
          onProgress: (progress) => handlers.onProgress(slot, job, progress),
          onPrinted: (text) => handlers.onPrinted?.(job, text),
        });
        if (this.#stopped) return;
        handlers.onDone(job, result, slot);
      } catch (error) {
        if (this.#stopped) return;
        handlers.onFailed(job, failureOf(error), slot);
      } finally {
        over();
      }
    }
  }

  /** The slot's worker, or a new one where there is none yet or it has died. */
  #worker(slot: number): Worker {
    const present = this.#workers.get(slot);
    if (present?.alive) return present;
    const spare = this.#spare;
    this.#spare = undefined;
    const worker = new Worker(spare ?? forkWorker(), this.#setup, slot);
    // Known before it is ready, so that `stop` ends it with the others.
    this.#workers.set(slot, worker);
    return worker;
  }
}

/** A failure that a worker reported or died of. */
class JobError extends Error {
  readonly failure: JobFailure;

  constructor(failure: JobFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

function failureOf(error: unknown): JobFailure {
  if (error instanceof JobError) return error.failure;
  if (error instanceof UserError) return { message: error.message, problems: error.problems };
  return { message: messageOf(error) };
}

/** What a worker tells while a job runs. */
interface JobListener {
  readonly onProgress: (progress: JobProgress) => void;
  readonly onPrinted: (text: string) => void;
}

class Worker {
  /** What its engine is, as soon as that runs; rejects with UserError or JobError if it cannot be started. */
  readonly engine: Promise<EngineInfo>;
  readonly #process: ChildProcess;
  readonly #output: Readable;

  constructor(worker: WorkerProcess, setup: WorkerSetup, slot: number) {
    this.#process = worker.process;
    this.#output = worker.output;
    keepLog(worker, setup.folder, slot);
    this.engine = this.#start(setup);
  }

  get alive(): boolean {
    return this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** 0 if it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async #start(setup: WorkerSetup): Promise<EngineInfo> {
    sendTo(this.#process, { type: 'setup', setup });
    const reply = await next(this.#process, () => true);
    if (reply.type === 'ready') return reply.engine;
    await this.kill();
    if (reply.type === 'failed' && reply.failure.problems) throw new UserError(reply.failure.problems);
    throw new JobError(reply.type === 'failed' ? reply.failure : { message: 'the worker did not start' });
  }

  async run(job: Job, { onProgress, onPrinted }: JobListener): Promise<JobResult> {
    const print = (chunk: Buffer) => onPrinted(chunk.toString());
    this.#output.on('data', print);
    sendTo(this.#process, { type: 'job', job });
    const reply = await next(this.#process, (message) => {
      if (message.type === 'progress') onProgress(message.progress);
      return message.type !== 'progress';
    }).finally(() => this.#output.off('data', print));
    if (reply.type === 'done') return reply.result;
    throw new JobError(reply.type === 'failed' ? reply.failure : { message: `unexpected ${reply.type}` });
  }

  /** Ends the process; resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.alive) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}

/** @throws UserError RESULTS_NOT_WRITABLE, DISK_FULL; the process is ended then */
function keepLog({ process: child, output }: WorkerProcess, folder: string, slot: number): void {
  const logs = join(folder, 'logs');
  let fd: number;
  try {
    mkdirSync(logs, { recursive: true });
    fd = openSync(join(logs, `worker-${slot + 1}.log`), 'a');
  } catch (error) {
    child.kill('SIGKILL');
    throw asWriteError(error, folder);
  }
  const log = createWriteStream('', { fd });
  // On a full disk the log is cut short, and the worker must not wait until somebody reads what it prints.
  log.on('error', () => output.resume());
  output.pipe(log);
}

function sendTo(child: ChildProcess, message: ToWorker): void {
  // A worker that is gone is noticed by its exit, not here.
  if (child.connected) child.send(message, () => {});
}

/** The next message that `accept` takes; rejects if the process ends first. */
function next(child: ChildProcess, accept: (message: FromWorker) => boolean): Promise<FromWorker> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
    };
    const onMessage = (message: FromWorker) => {
      if (!accept(message)) return;
      settle();
      resolve(message);
    };
    const fail = (how: string) => {
      settle();
      reject(new JobError({ message: `the worker process ${how}; its output is in logs/` }));
    };
    const onError = (error: Error) => fail(`failed: ${error.message}`);
    const onExit = (code: number | null, signal: string | null) =>
      fail(
        signal
          ? `was ended by ${signal}${signal === 'SIGKILL' ? ' (out of memory?)' : ''}`
          : `exited with code ${code}`,
      );
    if (child.exitCode !== null || child.signalCode !== null) return onExit(child.exitCode, child.signalCode);
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
  });
}

/** Entry of a worker process: starts the engine once, then runs the jobs that the parent sends, one at a time. */
import { startEngine } from '../engine/engine.ts';
import { UserError } from '../errors.ts';
import { Cache } from './cache.ts';
import { runCell } from './cellRunner.ts';
import { labelOf } from './labels.ts';
import { Materials } from './materials.ts';
import { measureRates } from './measureRates.ts';
import type { FromWorker, Job, JobFailure, JobResult, ToWorker, WorkerSetup } from './protocol.ts';
import { asDiskFull } from './writeErrors.ts';

const progressInterval = 200;

// The parent decides when to stop; Ctrl-C in a terminal reaches all processes at once.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(1));
process.once('message', (message: ToWorker) => {
  if (message.type === 'setup') serve(message.setup).catch(fail);
});

async function serve(setup: WorkerSetup): Promise<void> {
  const engine = await startEngine(setup.engine);
  const materials = new Materials(setup.places, new Cache(setup.cacheFolder));
  process.on('message', (message: ToWorker) => {
    if (message.type !== 'job') return;
    run(message.job).then(
      (result) => send({ type: 'done', result }),
      (error) => fail(asDiskFull(error, setup.folder)),
    );
  });
  send({ type: 'ready', engine });

  async function run(job: Job): Promise<JobResult> {
    const report = throttled(job);
    if (job.kind === 'embed') {
      await materials.frozenShard(job.settings, engine, job.shard, (done, total) =>
        report({ phase: 'embedding', done, total, terms: {} }),
      );
      return { job: job.id };
    }
    materials.release();
    report({ phase: 'starting', done: 0, total: 1, terms: {} });
    if (job.kind === 'measure') return { job: job.id, rates: await measureRates(job.cell, materials) };
    const result = await runCell(job.cell, { setup, engine, materials, clock: Date.now, onProgress: report });
    return { job: job.id, ...result };
  }

  function throttled(job: Job) {
    const id = job.kind === 'embed' ? '' : job.cell.id;
    const label = job.kind === 'embed' ? `${job.settings.encoder}, ${job.shard.split} texts` : labelOf(job.cell);
    let last = Number.NEGATIVE_INFINITY;
    return (progress: Omit<Extract<FromWorker, { type: 'progress' }>['progress'], 'id' | 'label'>) => {
      const now = performance.now();
      if (now - last < progressInterval && progress.done !== progress.total) return;
      last = now;
      send({ type: 'progress', progress: { id, label, ...progress } });
    };
  }
}

function fail(error: unknown): void {
  send({ type: 'failed', failure: failureOf(error) });
}

function failureOf(error: unknown): JobFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  if (error instanceof UserError) return { message, problems: error.problems };
  return { message, ...(stack !== undefined && { stack }) };
}

function send(message: FromWorker): void {
  process.send?.(message);
}

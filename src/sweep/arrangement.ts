import { availableParallelism } from 'node:os';
import { detectHardware } from '../engine/hardware.ts';
import { systemErrorCode } from '../errors.ts';
import type { PreparedSweep } from './prepare.ts';
import type { Job, Rates } from './protocol.ts';
import type { GroupWork } from './work.ts';
import type { WorkerPool } from './workerPool.ts';
import { secondsFor } from './workload.ts';

/** Worker processes, and threads of each. */
export interface Arrangement {
  readonly workers: number;
  readonly threads: number;
}

/** A calibration may cost at most this share of the work. */
const share = 1 / 30;

/** So much faster one process has to be measured: seconds of measuring cannot tell less. */
const clearly = 0.85;

/**
 * A process a core with one thread each, or one process with all threads: whichever does the group's work sooner here.
 * Small models gain nothing from threads, large ones may fill memory channels or caches that the processes share. Both
 * are measured with all their processes at work, once for each encoder, batch size and length on a machine; from then
 * on what was found holds, so that a sweep that is continued has the same number of threads.
 *
 * @returns undefined where the pool is to stay as it is: the user has chosen, there is nothing to choose, the work is
 * soon done, or it could not be measured
 */
export async function betterArrangement(
  { cache, materials }: PreparedSweep,
  { group, measurements, cells }: GroupWork,
): Promise<Arrangement | undefined> {
  const { pool, engine, workersAreGiven } = group;
  const cores = availableParallelism();
  const fixed = workersAreGiven || engine.name !== 'tensorflow' || engine.device !== 'cpu';
  if (fixed || pool.size < Math.max(2, cores)) return undefined;
  const secondsOf = (source: string, measured?: Rates) =>
    cells.reduce(
      (sum, task) => sum + (task.source === source ? secondsFor(task.workload, measured ?? task.expectation.rates) : 0),
      0,
    );
  const [largest] = measurements
    .map((job) => ({ job, seconds: secondsOf(job.id) }))
    .sort((a, b) => b.seconds - a.seconds);
  if (largest?.job.kind !== 'measure') return undefined;
  const { job } = largest;

  const { settings } = job.cell;
  const { encoder, pooling, maxLength, precision, sampler, training } = settings;
  const origin = {
    machine: { cpu: detectHardware().cpu, cores },
    engine: engine.detail,
    encoder: (await materials.encoder(encoder)).hash,
    data: (await materials.corpus(settings)).hash,
    ...{ pooling, maxLength, precision, sampler, freeze: training.freeze, accumulate: training.accumulate },
  };
  const seconds = largest.seconds / pool.size;
  const cost = costOf(cells.find(({ source }) => source === job.id)?.expectation.rates);
  if (!cache.has('arrangements', origin) && seconds * share < cost) return undefined;

  const candidates = [
    { workers: cores, threads: 1 },
    { workers: 1, threads: cores },
  ] as const;
  try {
    const [apart, together] = await cache.get('arrangements', origin, async () => [
      await measureArrangement(pool, candidates[0], job),
      await measureArrangement(pool, candidates[1], job),
    ]);
    return candidates[secondsOf(job.id, together) < (clearly * secondsOf(job.id, apart)) / cores ? 1 : 0];
  } catch (error) {
    // What cannot be measured or kept here is no reason to end a sweep.
    if (!(error instanceof Unmeasured) && systemErrorCode(error) === undefined) throw error;
    return candidates[0];
  }
}

/** A worker failed, or was ended. */
class Unmeasured extends Error {}

/** Seconds that a calibration takes: starting workers twice, and a few steps and texts of each. */
function costOf(rates: Rates | undefined): number {
  return 10 + 12 * (rates?.secondsPerStep ?? 0);
}

/** The mean rates of the workers of an arrangement while all of them work. */
async function measureArrangement(pool: WorkerPool, arrangement: Arrangement, job: Job): Promise<Rates> {
  await pool.arrange(arrangement);
  // Otherwise one that is ready might do the work of one that is not.
  await pool.warmUp();
  const measured: Rates[] = [];
  await pool.run(
    Array.from({ length: arrangement.workers }, () => job),
    {
      onProgress: () => {},
      onDone: (_, { rates }) => rates && measured.push(rates),
      onFailed: () => {},
    },
  );
  if (measured.length < arrangement.workers) throw new Unmeasured(`${measured.length} workers measured`);
  const mean = (value: (rates: Rates) => number) =>
    measured.reduce((sum, one) => sum + value(one), 0) / measured.length;
  return {
    secondsPerStep: mean((one) => one.secondsPerStep),
    textsPerSecond: mean((one) => one.textsPerSecond),
  };
}

import { availableParallelism } from 'node:os';
import { detectHardware } from '../engine/hardware.ts';
import type { PreparedSweep } from './prepare.ts';
import type { Rates } from './protocol.ts';
import type { GroupWork } from './work.ts';
import { secondsFor } from './workload.ts';

/** Worker processes, and threads of each. */
export interface Arrangement {
  readonly workers: number;
  readonly threads: number;
}

/** Seconds of estimated work from which on a calibration, which takes about ten, is worth its time. */
const worthCalibrating = 300;

/** So much faster one process has to be measured: seconds of measuring cannot tell less. */
const clearly = 0.85;

/**
 * A process a core with one thread each, or one process with all threads: whichever does the group's work sooner here.
 * Small models gain nothing from threads, large ones may fill memory channels or caches that the processes share. Both
 * are measured with all their processes at work, once for each encoder, batch size and length on a machine.
 *
 * @param rates of one worker alone
 * @returns what to change to, or undefined where the pool is to stay as it is: the user has chosen, there is nothing to
 * choose, or the work is soon done
 */
export async function betterArrangement(
  { cache, materials }: PreparedSweep,
  { group, measurements, cells }: GroupWork,
  rates: ReadonlyMap<string, Rates>,
): Promise<Arrangement | undefined> {
  const { pool, engine, workersAreGiven } = group;
  const cores = availableParallelism();
  if (workersAreGiven || engine.device !== 'cpu' || pool.size < 2 || pool.size < cores) return undefined;
  const secondsOf = (source: string, measured: Rates | undefined) =>
    cells.reduce(
      (sum, task) => sum + (task.source === source && measured ? secondsFor(task.workload, measured) : 0),
      0,
    );
  const largest = measurements
    .map((job) => ({ job, seconds: secondsOf(job.id, rates.get(job.id)) }))
    .reduce((a, b) => (b.seconds > a.seconds ? b : a));
  if (largest.seconds / pool.size < worthCalibrating || largest.job.kind !== 'measure') return undefined;

  const { settings } = largest.job.cell;
  const { encoder, pooling, maxLength, precision, sampler, training } = settings;
  const origin = {
    machine: { cpu: detectHardware().cpu, cores },
    engine: engine.detail,
    encoder: (await materials.encoder(encoder)).hash,
    data: (await materials.corpus(settings)).hash,
    ...{ pooling, maxLength, precision, sampler, freeze: training.freeze, accumulate: training.accumulate },
  };
  const candidates: readonly Arrangement[] = [
    { workers: cores, threads: 1 },
    { workers: 1, threads: cores },
  ];
  const seconds = await cache.get('arrangements', origin, async () => {
    const found: number[] = [];
    for (const arrangement of candidates) {
      await pool.arrange(arrangement);
      const measured: Rates[] = [];
      await pool.run(
        Array.from({ length: arrangement.workers }, () => largest.job),
        {
          onProgress: () => {},
          onDone: (_, result) => result.rates && measured.push(result.rates),
          onFailed: () => {},
        },
      );
      // What fails here, for want of memory perhaps, is not an arrangement to choose.
      const rate = measured.reduce((sum, one) => sum + 1 / secondsOf(largest.job.id, one), 0);
      found.push(1 / rate);
    }
    return found;
  });
  const [apart = 0, together = Number.POSITIVE_INFINITY] = seconds;
  return together < clearly * apart ? candidates[1] : candidates[0];
}

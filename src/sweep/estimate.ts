import type { PreparedSweep } from './prepare.ts';
import type { Rates } from './protocol.ts';
import { tasksOf, workOf } from './work.ts';
import { secondsFor } from './workload.ts';

export interface Estimate {
  readonly cells: number;
  readonly finished: number;
  /** Optimiser steps that are left, over all cells. */
  readonly steps: number;
  readonly seconds: number;
  /** Disk for encoders and cached embeddings. */
  readonly bytes: number;
  /** Memory that all workers of the largest group need together. */
  readonly memoryBytes: number;
  /** Why the time of some cells could not be estimated; they are left out of it. */
  readonly unmeasured: readonly string[];
}

/**
 * What is left of a sweep, by a few real steps and a real forward pass of each encoder on this machine.
 *
 * @param fresh whether finished cells are to be computed again
 */
export async function estimateSweep(sweep: PreparedSweep, fresh: boolean): Promise<Estimate> {
  const total = { cells: 0, finished: 0, steps: 0, seconds: 0, bytes: 0, memoryBytes: 0 };
  const unmeasured = new Set<string>();
  for (const group of sweep.groups) {
    const work = await workOf(sweep, group, fresh);
    const { measurements, cells } = work;
    const rates = new Map<string, Rates>();
    await group.pool.run(measurements, {
      onProgress: () => {},
      onDone: (job, result) => result.rates && rates.set(job.id, result.rates),
      onFailed: (_, { message }) => unmeasured.add(message),
    });
    for (const { job, source, workload, expectation } of tasksOf(work)) {
      const measured = rates.get(source);
      total.steps += workload.steps;
      if (measured) total.seconds += secondsFor(workload, measured) / group.pool.size;
      if (job.kind === 'embed') total.bytes += workload.texts * expectation.embeddingBytes;
      else if (job.cell.kind === 'retrofit' && job.cell.settings.training.save) total.bytes += expectation.encoderBytes;
    }
    const retrofits = group.cells.filter(({ original }) => original !== null).length;
    const left = cells.filter(({ job }) => job.kind === 'cell' && job.cell.kind === 'retrofit').length;
    total.cells += retrofits;
    total.finished += retrofits - left;
    const largest = Math.max(0, ...cells.map(({ expectation }) => expectation.workerBytes));
    total.memoryBytes = Math.max(total.memoryBytes, group.pool.size * largest);
  }
  return { ...total, unmeasured: [...unmeasured] };
}

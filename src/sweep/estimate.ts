import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Cell } from './cells.ts';
import type { Shard } from './materials.ts';
import { expectedWorkerBytes } from './memory.ts';
import type { CellGroup, PlannedCell, PreparedSweep } from './prepare.ts';
import type { JobFailure, Rates } from './protocol.ts';
import { secondsFor } from './workload.ts';

/** Cells of one frozen encoder on one corpus, and what has to be computed for them. */
export interface Source {
  /** Id of the original encoder's cell. */
  readonly id: string;
  /** A cell that stands for all. */
  readonly example: Cell;
  /** Frozen embeddings that are not in the cache yet. */
  readonly shards: readonly Shard[];
  /** Measured on this machine now; or why that failed, which need not mean that the cells fail too. */
  readonly rates: Rates | JobFailure;
}

/** Cells that are not finished yet. */
export function pendingCells({ cells }: CellGroup, folder: string): PlannedCell[] {
  return cells.filter(({ cell }) => !isFinished(cell, join(folder, 'cells', cell.id)));
}

/** A cell that was run without saving its encoder is run again when the encoder is wanted. */
function isFinished({ kind, settings }: Cell, folder: string): boolean {
  const needed = kind === 'retrofit' && settings.training.save ? ['journal.jsonl', 'encoder'] : ['journal.jsonl'];
  return needed.every((name) => existsSync(join(folder, name)));
}

/** Times a few real steps and a real forward pass for each source of the cells. */
export async function measureSources(
  { materials }: PreparedSweep,
  { pool, engine }: CellGroup,
  cells: readonly PlannedCell[],
): Promise<Map<string, Source>> {
  const examples = new Map(cells.map(({ cell, original }) => [original ?? cell.id, cell]));
  const measured = new Map<string, Rates | JobFailure>();
  await pool.run(
    [...examples].map(([id, cell]) => ({ kind: 'measure', id, cell })),
    {
      onProgress: () => {},
      onDone: (job, { rates }) => rates && measured.set(job.id, rates),
      onFailed: (job, failure) => measured.set(job.id, failure),
    },
  );
  const sources = new Map<string, Source>();
  for (const [id, example] of examples) {
    const rates = measured.get(id);
    if (rates) sources.set(id, { id, example, rates, shards: await materials.missingShards(example.settings, engine) });
  }
  return sources;
}

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
  /** Why time and disk of some cells could not be estimated; they are left out of both. */
  readonly unmeasured: readonly string[];
}

/**
 * What is left of a sweep, by a short measurement on this machine.
 *
 * @param fresh whether finished cells are to be computed again
 */
export async function estimateSweep(sweep: PreparedSweep, fresh: boolean): Promise<Estimate> {
  const total = { cells: 0, finished: 0, steps: 0, seconds: 0, bytes: 0, memoryBytes: 0 };
  const unmeasured = new Set<string>();
  for (const group of sweep.groups) {
    const pending = fresh ? group.cells : pendingCells(group, sweep.folder);
    const retrofits = group.cells.filter(({ original }) => original !== null);
    const left = pending.filter(({ original }) => original !== null);
    total.cells += retrofits.length;
    total.finished += retrofits.length - left.length;
    const sources = await measureSources(sweep, group, pending);
    for (const { rates, shards } of sources.values()) {
      if (!isRates(rates)) {
        unmeasured.add(rates.message);
        continue;
      }
      const texts = shards.reduce((sum, { from, to }) => sum + to - from, 0);
      total.seconds += secondsFor({ steps: 0, texts }, rates) / group.workers;
      total.bytes += texts * rates.embeddingBytes;
      total.memoryBytes = Math.max(total.memoryBytes, group.workers * expectedWorkerBytes(rates.workerBytes));
    }
    for (const { cell, original, workload } of left) {
      const rates = sources.get(original ?? '')?.rates;
      total.steps += workload.steps;
      if (!rates || !isRates(rates)) continue;
      total.seconds += secondsFor(workload, rates) / group.workers;
      if (cell.settings.training.save) total.bytes += rates.encoderBytes;
    }
  }
  return { ...total, unmeasured: [...unmeasured] };
}

export function isRates(rates: Rates | JobFailure): rates is Rates {
  return 'secondsPerStep' in rates;
}

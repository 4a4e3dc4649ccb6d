import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { validates } from '../training/options.ts';
import { type Cell, savedModel } from './cells.ts';
import type { Expectation } from './expectation.ts';
import type { CellGroup, PlannedCell, PreparedSweep } from './prepare.ts';
import type { Job } from './protocol.ts';
import type { Workload } from './workload.ts';

/** A job, the frozen encoder that it belongs to, and how much there is to do. */
export interface Task {
  readonly job: Job;
  /** Id of the original encoder's cell: one encoder on one corpus. */
  readonly source: string;
  readonly workload: Workload;
  readonly expectation: Expectation;
}

/** What is left to do for a group of cells. */
export interface GroupWork {
  readonly group: CellGroup;
  /** One measurement a source, on a cell that stands for all of it. */
  readonly measurements: readonly Job[];
  /** Frozen embeddings that the cells share and the cache lacks. */
  readonly embeddings: readonly Task[];
  /** One training, then the originals, then the other trainings. */
  readonly cells: readonly Task[];
}

/** @param again whether finished cells are to be computed again */
export async function workOf(sweep: PreparedSweep, group: CellGroup, again: boolean): Promise<GroupWork> {
  const pending = again ? group.cells : pendingCells(group, sweep.folder);
  // Of the cells of a source the one that has the most to do stands for all.
  const examples = new Map<string, PlannedCell>();
  for (const planned of pending) {
    const source = planned.original ?? planned.cell.id;
    const known = examples.get(source);
    if (!known || planned.workload.texts >= known.workload.texts) examples.set(source, planned);
  }
  // Sources with the same encoder and the same downstream tasks share their embeddings.
  const embeddings = new Map<string, Task>();
  const seen = new Set<string>();
  for (const { cell, original, expectation } of pending) {
    const { data, encoder, pooling, segments, maxLength, evaluation, training } = cell.settings;
    const source = original ?? cell.id;
    const need = JSON.stringify([
      source,
      data,
      encoder,
      pooling,
      segments,
      maxLength,
      evaluation.downstream,
      validates(training),
    ]);
    if (seen.has(need)) continue;
    seen.add(need);
    for (const { settings, shard } of await sweep.materials.missingShards(cell.settings, group.engine)) {
      const key = JSON.stringify([settings.data, encoder, pooling, segments, maxLength, shard]);
      const workload = { steps: 0, texts: shard.to - shard.from, extraSteps: 0 };
      embeddings.set(key, { job: { kind: 'embed', id: source, settings, shard }, source, workload, expectation });
    }
  }
  return {
    group,
    measurements: [...examples].map(([id, { cell }]) => ({ kind: 'measure', id, cell })),
    embeddings: [...embeddings.values()],
    cells: oneTrainingFirst(pending).map(({ cell, original, workload, expectation }) => ({
      job: { kind: 'cell', id: cell.id, cell },
      source: original ?? cell.id,
      workload,
      expectation,
    })),
  };
}

/** All that is to be done for a group, measurements apart. */
export function tasksOf({ embeddings, cells }: GroupWork): Task[] {
  return [...embeddings, ...cells];
}

/** So that it shows at once whether a training runs; then the originals, which take little, and the rest. */
function oneTrainingFirst(planned: readonly PlannedCell[]): PlannedCell[] {
  const first = planned.find(({ original }) => original !== null);
  return first ? [first, ...planned.filter((other) => other !== first)] : [...planned];
}

/** Cells that are not finished yet. */
export function pendingCells({ cells }: CellGroup, folder: string): PlannedCell[] {
  return cells.filter(({ cell }) => !isFinished(cell, join(folder, 'cells', cell.id)));
}

/** A cell that was run without saving its encoder is run again when the encoder is wanted. */
function isFinished({ kind, settings }: Cell, folder: string): boolean {
  const needed =
    kind === 'retrofit' && settings.training.save ? ['journal.jsonl', savedModel(settings)] : ['journal.jsonl'];
  return needed.every((name) => existsSync(join(folder, name)));
}

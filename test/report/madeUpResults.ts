import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { settingsSchema } from '../../src/sweep/experiment.ts';
import { type EndRecord, type JournalRecord, JournalWriter } from '../../src/tracking/journal.ts';
import { type ExperimentCell, writeExperimentFile } from '../../src/tracking/results.ts';

type Metrics = Record<string, number>;

/** The made-up metrics from which golden/make.py computes comparison.json. */
export const madeUpRuns = JSON.parse(readFileSync(new URL('golden/runs.json', import.meta.url), 'utf8')) as {
  original: Metrics;
  points: { temperature: number; weight: number; seeds: Record<string, Metrics> }[];
};

const temperature = 'objective.supCon.temperature';
const weight = 'objective.vectorSpacePreservation.weight';

export const originalId = idOf('original');

/** Id of the cell of a grid point (by its index) and a seed. */
export function cellId(point: number, seed: number): string {
  return idOf(`${point} ${seed}`);
}

function idOf(what: string): string {
  return createHash('sha256').update(what).digest('hex').slice(0, 16);
}

export interface MadeUpOptions {
  readonly experiment?: string;
  /** What a run's start record says differently. */
  readonly start?: (id: string) => Partial<Extract<JournalRecord, { type: 'start' }>>;
}

/**
 * Writes an experiment with 2 × 2 points and 3 seeds as a sweep leaves it: one run diverged, one was stopped, one cell
 * failed and one has not run yet. Returns the results folder.
 */
export async function writeMadeUpResults(options: MadeUpOptions = {}, results = temporaryFolder()): Promise<string> {
  const name = options.experiment ?? 'made-up';
  const folder = join(results, name);
  const cells: ExperimentCell[] = [{ id: originalId, kind: 'original', axes: {}, seed: null, original: null }];
  madeUpRuns.points.forEach((point, i) => {
    for (const seed of [1, 2, 3]) {
      const axes = { [temperature]: point.temperature, [weight]: point.weight };
      cells.push({ id: cellId(i, seed), kind: 'retrofit', axes, seed, original: originalId });
    }
  });
  await writeExperimentFile(folder, {
    format: 1,
    name,
    file: `experiments/${name}.ts`,
    command: `yarn sweep experiments/${name}.ts`,
    engine: [
      { name: 'tensorflow', detail: 'libtensorflow 2.21.0, CPU', device: 'cpu', threads: 1, precision: 'float32' },
    ],
    points: madeUpRuns.points.map((point) => ({ axes: { [temperature]: point.temperature, [weight]: point.weight } })),
    seeds: [1, 2, 3],
    cells,
  });

  const finish = (cell: ExperimentCell, end: Pick<EndRecord, 'status' | 'metrics'> & { reason?: string }) =>
    writeRun(join(folder, 'cells', cell.id), [
      { ...startOf(cell, name), ...options.start?.(cell.id) },
      ...(cell.kind === 'original' ? [] : course(end.status === 'diverged')),
      { type: 'end', steps: cell.kind === 'original' ? 0 : 4, ...end, wall: { seconds: 12.3 } },
    ]);
  for (const cell of cells) {
    if (cell.kind === 'original') finish(cell, { status: 'completed', metrics: madeUpRuns.original });
  }
  madeUpRuns.points.forEach(({ seeds }, i) => {
    for (const [seed, metrics] of Object.entries(seeds)) {
      const cell = cells.find(({ id }) => id === cellId(i, Number(seed)));
      if (cell)
        finish(cell, i === 3 ? { status: 'stopped', reason: 'a plateau', metrics } : { status: 'completed', metrics });
    }
  });
  const diverged = cells.find(({ id }) => id === cellId(2, 2));
  const metrics = madeUpRuns.points[0]?.seeds[1] ?? {};
  if (diverged) finish(diverged, { status: 'diverged', reason: 'the loss is NaN in step 4', metrics });
  const failed = join(folder, 'failed', cellId(3, 1));
  mkdirSync(failed, { recursive: true });
  writeFileSync(
    join(failed, 'error.txt'),
    'Error: out of memory\n    at embed (file.ts:1:1)\n    at train (file.ts:2:2)\n',
  );
  return results;
}

const temporaryFolders: string[] = [];

/** A new folder, which is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'contrafit-results-'));
  temporaryFolders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true });
});

function writeRun(folder: string, records: readonly JournalRecord[]): void {
  mkdirSync(folder, { recursive: true });
  const journal = new JournalWriter(join(folder, 'journal.jsonl'));
  for (const record of records) journal.write(record);
  journal.close();
}

function startOf(
  { id, kind, axes, seed }: ExperimentCell,
  experiment: string,
): Extract<JournalRecord, { type: 'start' }> {
  return {
    type: 'start',
    format: 1,
    cell: id,
    kind,
    experiment,
    axes,
    seed,
    settings: settingsSchema.parse({
      objective: {
        supCon: { temperature: axes[temperature] },
        vectorSpacePreservation: { weight: axes[weight] },
      },
      sampler: { kind: 'mPerClass', batchSize: 32, m: 4 },
      training: { steps: 4, learningRate: 3e-4, conflictEvery: 2 },
    }),
    data: { name: 'embedded', hash: 'd'.repeat(64) },
    encoder: { name: 'mini', hash: 'e'.repeat(64) },
    engine: { name: 'tensorflow', detail: 'libtensorflow 2.21.0, CPU', device: 'cpu', precision: 'float32' },
    code: '0.1.0+abc1234',
    notes: kind === 'original' ? [] : ['3 texts cut to 128 tokens'],
    wall: { at: '2026-11-21T06:54:00.000Z', threads: 1 },
  };
}

function course(diverges: boolean): JournalRecord[] {
  return [3.5, 3.25, 3, diverges ? Number.NaN : 2.5].flatMap((supCon, i): JournalRecord[] => [
    {
      type: 'step',
      step: i + 1,
      epoch: 0,
      learningRate: 3e-4,
      loss: supCon + 0.001 * i,
      terms: { supCon, vectorSpacePreservation: 0.001 * i },
      gradientNorm: 1.5,
      counts: { loneAnchors: 0 },
      ...(i % 2 === 0 && {
        conflict: {
          norms: { supCon: 1.25, vectorSpacePreservation: 0.5 },
          cosines: { supCon·vectorSpacePreservation: -0.125 * i },
        },
      }),
      wall: { seconds: 0.1 },
    },
    ...(i % 2 === 1
      ? [
          {
            type: 'validation' as const,
            step: i + 1,
            metrics: { 'knn.accuracy': 0.25 + 0.01 * i, 'knn.macroF1': 0.2, 'drift.deltaEmb': 0.004 * i },
            wall: {},
          },
        ]
      : []),
  ]);
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stream } from '../../src/random.ts';
import { contentId } from '../../src/sweep/cells.ts';
import { settingsSchema } from '../../src/sweep/experiment.ts';
import { finiteOrName, type JournalRecord, type StartRecord } from '../../src/tracking/journal.ts';
import { type ExperimentCell, writeExperimentFile } from '../../src/tracking/results.ts';

const temperature = 'objective.supCon.temperature';
const weight = 'objective.vectorSpacePreservation.weight';
const head = 'head.kind';

export interface ManyRuns {
  readonly name: string;
  readonly temperatures: number;
  readonly weights: number;
  readonly seeds: number;
  /** Of each run. */
  readonly steps: number;
}

/**
 * Writes the results of a sweep that nobody has run, over temperature × weight × 2 heads × seeds, with numbers that look
 * like one. Gives the number of runs.
 */
export async function writeManyRuns(results: string, options: ManyRuns): Promise<number> {
  const { name, temperatures, weights, seeds, steps } = options;
  const folder = join(results, name);
  const range = (length: number) => Array.from({ length }, (_, i) => i);
  const points = range(temperatures).flatMap((t) =>
    range(weights).flatMap((w) =>
      ['linear', 'mlp'].map((kind) => ({
        axes: {
          [temperature]: (t + 1) / 100,
          [weight]: w === 0 ? 0 : Number((10 ** ((3 * w) / weights)).toFixed(2)),
          [head]: kind,
        },
      })),
    ),
  );
  const original: ExperimentCell = { id: contentId([name]), kind: 'original', axes: {}, seed: null, original: null };
  const cells = points.flatMap(({ axes }) =>
    range(seeds).map(
      (seed): ExperimentCell => ({
        id: contentId([name, axes, seed]),
        kind: 'retrofit',
        axes,
        seed: seed + 1,
        original: original.id,
      }),
    ),
  );
  await writeExperimentFile(folder, {
    format: 1,
    name,
    file: `experiments/${name}.ts`,
    command: `yarn sweep experiments/${name}.ts`,
    engine: [{ name: 'tensorflow', detail: 'made up', device: 'cpu', threads: 1, precision: 'float32' }],
    points,
    seeds: range(seeds).map((seed) => seed + 1),
    cells: [original, ...cells],
  });
  const settings = settingsSchema.parse({
    objective: { supCon: { temperature: 0.1 }, vectorSpacePreservation: { weight: 1 } },
    sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
    training: { steps },
  });
  for (const cell of [original, ...cells]) {
    const own = join(folder, 'cells', cell.id);
    mkdirSync(own, { recursive: true });
    const records = recordsOf(cell, name, settings, cell.kind === 'original' ? 0 : steps);
    writeFileSync(
      join(own, 'journal.jsonl'),
      records.map((record) => `${JSON.stringify(record, finiteOrName)}\n`).join(''),
    );
  }
  return cells.length + 1;
}

function recordsOf(
  cell: ExperimentCell,
  experiment: string,
  settings: StartRecord['settings'],
  steps: number,
): JournalRecord[] {
  const random = stream(cell.seed ?? 0, cell.id);
  const tau = Number(cell.axes[temperature] ?? 0.1);
  const lambda = Number(cell.axes[weight] ?? 0);
  const isOriginal = cell.kind === 'original';
  const drift = isOriginal ? 0 : 0.06 / (1 + lambda / 8) + 0.002 * random.uniform();
  const gain = isOriginal ? 0 : 0.25 * (drift / 0.06) ** 0.3 - 1.5 * (tau - 0.07) ** 2 + 0.02 * random.normal();
  const metrics = {
    'drift.deltaEmb': drift,
    'drift.deltaCos': 3 * drift,
    'drift.cka': 1 - 6 * drift,
    'knn.accuracy': 0.35 + gain,
    'knn.macroF1': 0.15 + gain,
    'knn.weightedF1': 0.33 + gain,
    'retrieval.mapAtR': 0.1 + gain / 2,
    'retrieval.mrr': 0.4 + gain / 2,
    'clustering.ami': 0.05 + gain,
    'clustering.nmi': 0.06 + gain,
    'sst2.knn.macroF1': 0.7 + gain / 3,
    'sst2.logisticRegression.macroF1': 0.8 + gain / 4,
  };
  return [
    {
      type: 'start',
      format: 1,
      cell: cell.id,
      kind: cell.kind,
      experiment,
      axes: { ...cell.axes },
      seed: cell.seed,
      settings,
      data: { name: 'made-up', hash: 'd'.repeat(64) },
      encoder: { name: 'mini', hash: 'e'.repeat(64) },
      engine: { name: 'tensorflow', detail: 'made up', device: 'cpu', precision: 'float32' },
      code: '0.1.0',
      notes: [],
      wall: { at: '2026-11-21T06:54:00.000Z', threads: 1 },
    },
    ...Array.from({ length: steps }, (_, i): JournalRecord => {
      const supCon = 3.5 - 1.5 * (1 - Math.exp((-4 * i) / steps)) + 0.05 * random.normal();
      const vectorSpacePreservation = (drift * i) / steps;
      return {
        type: 'step',
        step: i + 1,
        epoch: Math.floor(i / 50),
        learningRate: 1e-4 * (1 - i / steps),
        // One in a thousand is far off, and one run in fifty loses a value.
        loss: supCon + lambda * vectorSpacePreservation + (i % 997 === 500 ? 10 : 0),
        terms: { supCon: i === 7 && random.uniform() < 0.02 ? Number.NaN : supCon, vectorSpacePreservation },
        gradientNorm: 1 + 0.1 * random.normal(),
        counts: { 'supCon.loneAnchors': 0 },
        wall: { seconds: 0.2 },
      };
    }),
    {
      type: 'end',
      status: random.uniform() < 0.01 && !isOriginal ? 'diverged' : 'completed',
      steps,
      metrics,
      wall: { seconds: steps / 5 },
    },
  ];
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EngineName, startEngine } from '../../src/engine/engine.ts';
import { Cache } from '../../src/sweep/cache.ts';
import { runCell } from '../../src/sweep/cellRunner.ts';
import { retrofitCell } from '../../src/sweep/cells.ts';
import { findEnvironment } from '../../src/sweep/environment.ts';
import type { SettingsInput } from '../../src/sweep/experiment.ts';
import { Materials } from '../../src/sweep/materials.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { temporaryFolder } from '../report/madeUpResults.ts';

interface Example {
  readonly text: string;
  readonly context: string;
  readonly label: string;
}

/** The same texts behind contexts that make another class of them. */
function examplesOf(split: string): Example[] {
  return ['never again', 'what a day', 'so that was it', 'the fox and the key'].flatMap((text, i) => [
    { text, context: `The fox had lost the ${split} key, ${i}.`, label: 'bad' },
    { text, context: `They had found all of the ${split} keys in the end, and danced for ${i} days.`, label: 'good' },
  ]);
}

export const testExamples = examplesOf('test');

/** A folder with examples of two classes that have contexts, by split. */
function dataFolder(): string {
  const folder = temporaryFolder();
  for (const split of ['train', 'validation', 'test']) {
    const lines = examplesOf(split).map((example) => `${JSON.stringify(example)}\n`);
    writeFileSync(join(folder, `${split}.jsonl`), lines.join(''));
  }
  return folder;
}

/**
 * Trains a classifier for a few steps as a sweep does, and gives the run's folder.
 *
 * @param added to the source of the data: which segments its texts have
 */
export async function trainRun(
  engine: EngineName,
  added: '' | '+context',
  changes: Pick<SettingsInput, 'encoder' | 'segments'>,
): Promise<string> {
  const request = { engine, precision: 'float32', threads: 0 } as const;
  const { points } = planExperiment({
    name: 'pairs',
    data: { source: dataFolder() + added },
    maxLength: 24,
    precision: 'float32',
    classifier: { kind: 'sequenceClassification' },
    objective: { crossEntropy: {} },
    sampler: { kind: 'shuffled', batchSize: 8 },
    // So fast that a second token type gets far from the first.
    training: { steps: 6, learningRate: 2e-2, conflictEvery: 0 },
    ...changes,
  });
  const [point] = points;
  if (!point) throw new Error('no point');
  const folder = temporaryFolder();
  const places = { dataFolder: '', encoders: { hubCache: '', offline: true } };
  const cacheFolder = join(folder, 'cache');
  mkdirSync(cacheFolder);
  const contents = { dataHash: '', taskHashes: [], encoderHash: '', engine };
  const cell = retrofitCell(point, 1, contents);
  await runCell(cell, {
    setup: {
      engine: request,
      places,
      folder,
      cacheFolder,
      experiment: 'pairs',
      tensorBoard: false,
      environment: await findEnvironment(),
    },
    engine: await startEngine(request),
    materials: new Materials(places, new Cache(cacheFolder)),
    clock: () => 0,
    onProgress: () => undefined,
  });
  return join(folder, 'cells', cell.id);
}

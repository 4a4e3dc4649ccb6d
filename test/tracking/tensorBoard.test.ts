import { renameSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { JournalRecord } from '../../src/tracking/journal.ts';
import { checkTensorBoard, TensorBoardWriter } from '../../src/tracking/tensorBoard.ts';
import { train } from '../../src/training/trainer.ts';
import { availableEngines, useEngine } from '../engine/engines.ts';
import { randomMatrix } from '../evaluation/matrices.ts';
import { temporaryFolder } from '../report/madeUpResults.ts';
import { tinyTraining } from '../training/tinyTraining.ts';
import { crc32c, expectedScalars, histogramsIn, valuesIn } from './eventFile.ts';

function newFolder(): string {
  return join(temporaryFolder(), 'cells', 'tensorboard');
}

function written(write: (writer: TensorBoardWriter) => void, folder = newFolder()): string {
  const writer = new TensorBoardWriter(folder);
  write(writer);
  writer.close();
  return folder;
}

const number = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e300, -0, 1e-45));
const metrics = fc.dictionary(fc.stringMatching(/^[a-zA-Z0-9+é]{1,9}(\.[a-zA-Z0-9]{1,9}){0,2}$/), number);
const step = fc.integer({ min: 0, max: 2 ** 31 - 3 });
const seconds = fc.record({ seconds: fc.double({ min: 1e-3, max: 100, noNaN: true }) });

const trainingStep: fc.Arbitrary<JournalRecord> = fc.record(
  {
    type: fc.constant('step'),
    step,
    epoch: fc.nat(),
    learningRate: fc.double({ min: 0, max: 1, noNaN: true }),
    loss: number,
    terms: metrics,
    gradientNorm: number,
    counts: metrics,
    conflict: fc.record({ norms: metrics, cosines: metrics }),
    wall: seconds,
  },
  { requiredKeys: ['type', 'step', 'epoch', 'learningRate', 'loss', 'terms', 'gradientNorm', 'counts', 'wall'] },
);
const validation: fc.Arbitrary<JournalRecord> = fc.record({
  type: fc.constant('validation'),
  step,
  metrics,
  wall: seconds,
});
const layers: fc.Arbitrary<JournalRecord> = fc.record({
  type: fc.constant('layers'),
  texts: fc.nat(),
  drift: fc.array(fc.record({ deltaEmb: number, deltaCos: number, cka: number })),
  wall: seconds,
});
const end: fc.Arbitrary<JournalRecord> = fc.record({
  type: fc.constant('end'),
  status: fc.constantFrom('completed', 'stopped', 'diverged'),
  steps: step,
  evaluatedStep: step,
  metrics,
  wall: seconds,
});
const journal = fc.tuple(fc.array(fc.oneof(trainingStep, validation, layers), { maxLength: 20 }), end);

it('checks the reader: CRC-32C of its check string', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

describe.skipIf(!availableEngines.includes('tensorflow'))('TensorBoardWriter', () => {
  beforeAll(() => useEngine('tensorflow'));

  it('writes the scalars of a training as it goes', async () => {
    const training = await tinyTraining({ training: { steps: 4, conflictEvery: 2, validateEvery: 2 } });
    const records: JournalRecord[] = [];
    const folder = newFolder();
    const writer = new TensorBoardWriter(folder);
    const log = (record: JournalRecord) => {
      records.push(record);
      writer.write(record);
    };
    const { steps, status, keptStep } = await train({
      ...training,
      validate: async () => ({ score: 1, deltaEmb: 0, metrics: { 'knn.macroF1': 0.25 } }),
      onStep: ({ totalSteps: _, ...report }) => log({ type: 'step', ...report, wall: { seconds: 0.1 } }),
      onValidation: (at, { metrics }) => log({ type: 'validation', step: at, metrics, wall: {} }),
    });
    log({ type: 'end', status, steps, evaluatedStep: keptStep, metrics: { 'knn.macroF1': 0.5 }, wall: {} });
    writer.close();
    training.dispose();

    const values = valuesIn(folder);
    expect(values).toEqual(expectedScalars(records));
    expect(values.filter(({ tag }) => tag === 'train/loss').map((value) => value.step)).toEqual([1, 2, 3, 4]);
    const conflicts = values.filter(({ tag }) => tag === 'conflict/cosines/supCon/vectorSpacePreservation');
    expect(conflicts.length).toBeGreaterThan(0);
    expect(values).toContainEqual({ tag: 'validation/knn/macroF1', step: 2, simpleValue: 0.25 });
    expect(values).toContainEqual({ tag: 'knn/macroF1', step: keptStep, simpleValue: 0.5 });
  });

  it('writes every number of a journal in float32 at its step, NaN and infinities too', () => {
    fc.assert(
      fc.property(journal, ([before, last]) => {
        const records = [...before, last];
        const folder = written((writer) => {
          for (const record of records) writer.write(record);
        });
        expect(valuesIn(folder)).toEqual(expectedScalars(records));
      }),
      { numRuns: 40 },
    );
  });

  it('writes the distribution of values: all are in a bucket, with their extremes and sum', () => {
    for (const size of [1, 2, 100, 10_000]) {
      for (const scale of [1e-9, 0.01, 1, 1e6]) {
        for (const shape of ['normal', 'positive', 'equal', 'zero']) {
          const drawn = randomMatrix(size, 1, size).data;
          const values = drawn.map((value) => {
            if (shape === 'zero') return 0;
            return shape === 'equal' ? scale : scale * (shape === 'positive' ? value ** 2 : value);
          });
          const folder = written((writer) => writer.histogram('drift/deltaEmbByText', values, 30));
          const [histogram, ...more] = histogramsIn(folder);
          expect(more).toEqual([]);
          if (!histogram) throw new Error('there is no histogram');
          const { bucket, bucketLimit, min, max, num, sum, ...place } = histogram;
          const what = `${size} ${shape} values of size ${scale}`;
          expect(place, what).toEqual({ tag: 'drift/deltaEmbByText', step: 30 });
          expect(num, what).toBe(size);
          expect(min, what).toBe(values.reduce((a, b) => Math.min(a, b)));
          expect(max, what).toBe(values.reduce((a, b) => Math.max(a, b)));
          const total = values.reduce((subtotal, value) => subtotal + value, 0);
          expect(Math.abs(sum - total), what).toBeLessThanOrEqual(1e-9 * scale * size);
          // Each bucket holds the values from the limit before it to its own.
          bucketLimit.forEach((limit, i) => {
            const from = bucketLimit[i - 1] ?? Number.NEGATIVE_INFINITY;
            expect(bucket[i], what).toBe(values.filter((value) => value >= from && value < limit).length);
          });
          expect(
            bucket.reduce((total, count) => total + count, 0),
            what,
          ).toBe(size);
        }
      }
    }
  });

  it('leaves out of a distribution what is not finite', () => {
    const folder = written((writer) => {
      writer.histogram('some', Float32Array.of(1, Number.NaN, 3, Number.POSITIVE_INFINITY), 1);
      writer.histogram('none', Float32Array.of(Number.NaN, Number.NEGATIVE_INFINITY), 1);
      writer.histogram('empty', new Float32Array(), 1);
    });
    expect(histogramsIn(folder)).toEqual([expect.objectContaining({ tag: 'some', num: 2, min: 1, max: 3, sum: 4 })]);
  });

  it('can be opened several times at once, and again in a folder that was moved away', () => {
    const metric = (value: number): JournalRecord => ({ type: 'validation', step: 1, metrics: { a: value }, wall: {} });
    const [first, second] = [newFolder(), newFolder()];
    const writers = [first, second].map((folder) => new TensorBoardWriter(folder));
    writers.forEach((writer, i) => {
      writer.write(metric(i));
    });
    for (const writer of writers) writer.close();
    expect([first, second].flatMap(valuesIn).map(({ simpleValue }) => simpleValue)).toEqual([0, 1]);
    renameSync(first, `${first}-finished`);
    written((writer) => writer.write(metric(2)), first);
    expect([`${first}-finished`, first].flatMap(valuesIn).map(({ simpleValue }) => simpleValue)).toEqual([0, 2]);
  });

  it('leaves no tensor behind, of TensorFlow.js or of the library', () => {
    const count = () => [
      tf.memory().numTensors,
      (tf.backend() as unknown as { getNumOfTFTensors(): number }).getNumOfTFTensors(),
    ];
    const before = count();
    written((writer) => {
      writer.write({ type: 'validation', step: 1, metrics: { a: 1, b: Number.NaN }, wall: {} });
      writer.histogram('c', Float32Array.of(1, 2), 1);
    });
    expect(count()).toEqual(before);
    expect(() => new TensorBoardWriter('/dev/null/tensorboard')).toThrow('not a directory');
    expect(count()).toEqual(before);
  });
});

describe('checkTensorBoard', () => {
  it('lets the native engine pass and says what the wasm engine lacks', () => {
    checkTensorBoard('tensorflow');
    expect(() => checkTensorBoard('wasm')).toThrow(UserError);
    expect(() => checkTensorBoard('wasm')).toThrow('TENSORBOARD_NEEDS_TENSORFLOW: TensorBoard with the engine wasm');
  });
});

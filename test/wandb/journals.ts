import fc from 'fast-check';
import type {
  EventRecord,
  JournalRecord,
  StartRecord,
  StepRecord,
  ValidationRecord,
} from '../../src/tracking/journal.ts';
import type { TrackedCell } from '../../src/wandb/runIdentity.ts';
import { type WandbSettings, wandbSettings } from '../../src/wandb/settings.ts';

/** Settings as of an offline sweep. */
export function settingsWith(environment: NodeJS.ProcessEnv = {}): WandbSettings {
  return wandbSettings('offline', { HOME: '/nowhere', ...environment });
}

export const cell: TrackedCell = {
  id: '0123456789abcdef',
  kind: 'retrofit',
  label: 'temperature 0.1 · seed 2',
  point: 'temperature 0.1',
  encoder: '/somewhere/mini',
  data: 'embedded',
};

export const start: StartRecord = {
  type: 'start',
  format: 1,
  cell: cell.id,
  kind: 'retrofit',
  experiment: 'made-up',
  axes: { 'objective.supCon.temperature': 0.1 },
  seed: 2,
  settings: { objective: { supCon: { temperature: 0.1 } }, sampler: { batchSize: 32 }, nothing: null, name: 'ä"\\' },
  data: { name: 'embedded', hash: 'd'.repeat(64) },
  encoder: { name: 'mini', hash: 'e'.repeat(64) },
  engine: { name: 'tensorflow', detail: 'libtensorflow 2.21.0, CPU', device: 'cpu', precision: 'float32' },
  code: '0.1.0+abc1234',
  notes: ['3 texts cut to 128 tokens', 'another note'],
  wall: {
    at: '2026-11-21T06:54:00.250Z',
    environment: {
      ...{ host: 'a-host', platform: 'linux x64', cpu: { model: 'A CPU', cores: 2 }, memoryBytes: 1024, gpus: [] },
      ...{ threads: 1, git: { commit: 'c'.repeat(40), dirty: true, remote: 'https://example.org/repo.git' } },
      versions: { contrafit: '0.1.0', node: '20.0.0', '@tensorflow/tfjs-core': '4', '@tensorflow/tfjs-node-gpu': '4' },
    },
  },
};

/** JSON does not tell -0 from 0. */
const numbers = fc
  .oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1e21, 5e-324))
  .map((value) => value + 0);
/** None of them ends in the name of a measure, but the ones named. */
const names = fc.oneof(
  fc.stringMatching(/^x[a-zA-Z0-9]{0,8}(\.x[a-zA-Z0-9]{0,8}){0,2}$/),
  fc.constantFrom('knn.macroF1', 'knn.accuracy', 'drift.deltaEmb', 'sst2.knn.macroF1At5', 'knn.logLoss'),
);
const metrics = fc.dictionary(names, numbers, { maxKeys: 6, noNullPrototype: true });
const seconds = fc.option(fc.record({ seconds: fc.double({ min: 0, max: 1e4, noNaN: true }).map((s) => s + 0) }), {
  nil: {},
});

const step: fc.Arbitrary<StepRecord> = fc
  .record({
    step: fc.nat(1000),
    epoch: fc.nat(9),
    learningRate: fc.double({ min: 0, max: 1, noNaN: true }).map((rate) => rate + 0),
    ...{ loss: numbers, terms: metrics, gradientNorm: numbers, counts: metrics, wall: seconds },
    conflict: fc.option(fc.record({ norms: metrics, cosines: metrics }), { nil: undefined }),
  })
  .map(({ conflict, ...record }) => ({ type: 'step', ...record, ...(conflict && { conflict }) }));
const validation: fc.Arbitrary<ValidationRecord> = fc
  .record({ step: fc.nat(1000), metrics, wall: seconds })
  .map((record) => ({ type: 'validation', ...record }));
const event: fc.Arbitrary<EventRecord> = fc
  .record({ event: fc.constantFrom('training', 'evaluating', 'saving', 'fineTuning'), wall: seconds })
  .map((record) => ({ type: 'event', ...record }));

const drift = fc.array(fc.record({ deltaEmb: numbers, deltaCos: numbers, cka: numbers }), { maxLength: 4 });
const classNumber = fc.nat(2);
const predictions = fc
  .record({
    // With a task in front: of those without one a picture is drawn.
    classifier: fc.constantFrom('sst2.knn', 'emotion.logisticRegression'),
    pairs: fc.array(fc.tuple(classNumber, classNumber), { minLength: 1, maxLength: 9 }),
    hasProbabilities: fc.boolean(),
  })
  .map(
    ({ classifier, pairs, hasProbabilities }): JournalRecord => ({
      ...{ type: 'predictions', classifier, labelNames: ['a', 'b', 'c'], wall: {} },
      truth: pairs.map(([truth]) => truth),
      predicted: pairs.map(([, predicted]) => predicted),
      ...(hasProbabilities && { probabilities: pairs.flatMap(() => [0.5, 0.25, 0.25]) }),
    }),
  );
const examples: fc.Arbitrary<JournalRecord> = fc
  .array(fc.tuple(fc.string({ minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((rows) => ({
    ...{ type: 'examples', labelNames: ['a', 'b'], wall: {} },
    texts: rows.map(([text]) => text),
    probabilities: rows.map(([, share]) => [share + 0, 1 - share]),
  }));

/** A journal of a finished run: any numbers in any order, as far as the format allows. */
export const journals: fc.Arbitrary<JournalRecord[]> = fc
  .record({
    hasEnvironment: fc.boolean(),
    course: fc.array(fc.oneof({ weight: 3, arbitrary: step }, validation, event), { maxLength: 15 }),
    layers: fc.option(drift, { nil: undefined }),
    examples: fc.option(examples, { nil: undefined }),
    predictions: fc.uniqueArray(predictions, {
      maxLength: 2,
      selector: (record) => (record.type === 'predictions' ? record.classifier : ''),
    }),
    ...{ metrics, wall: seconds, steps: fc.nat(1000), evaluatedStep: fc.option(fc.nat(1000), { nil: undefined }) },
  })
  .map(({ hasEnvironment, course, layers, examples, predictions, evaluatedStep, ...end }) => [
    hasEnvironment ? start : { ...start, wall: { at: start.wall.at } },
    ...course,
    ...predictions,
    ...(examples ? [examples] : []),
    ...(layers ? [{ type: 'layers' as const, texts: 3, drift: layers, wall: {} }] : []),
    { type: 'end', status: 'completed', ...end, ...(evaluatedStep !== undefined && { evaluatedStep }) },
  ]);

import { describe, expect, it } from 'vitest';
import { loadCorpus } from '../../src/data/corpus.ts';
import { emotions } from '../../src/data/emotions.ts';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { classificationScores } from '../../src/evaluation/classification.ts';
import {
  drawFewShot,
  type FineTuningCorpora,
  type FineTunings,
  fewShotSchema,
  fineTuneOnTasks,
  fineTuningSchema,
  fineTuningWork,
} from '../../src/evaluation/fineTuning.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { onEachEngine } from '../engine/engines.ts';

const classes = ['anger', 'gratitude', 'fear'];
const pooling = 'mean';
type Task = FineTuningCorpora['tasks'][number];

/** Utterances of three classes; the test texts are those of training, so that what was learned shows. */
async function taskFor(encoder: Encoder): Promise<Task> {
  const exclude = emotions.filter((name) => !classes.includes(name));
  const { train, labelNames } = await loadCorpus({ source: 'embedded', exclude, limit: 36 }, { dataFolder: '' });
  const texts = { texts: encoder.tokeniser.encode(train.texts, 24), labels: train.labels };
  return { name: 'task', labelNames, train: texts, test: texts };
}

/** The same texts with other classes: learned beside the task, they are no help. */
function turned({ labelNames, train }: Task) {
  return { labelNames, train: { ...train, labels: train.labels.map((label) => (label + 1) % labelNames.length) } };
}

function weightsOf(encoder: Encoder): Float32Array[] {
  return [...encoder.variables.values()].map((variable) => variable.dataSync().slice() as Float32Array);
}

const scores = ['accuracy', 'macroF1', 'weightedF1', 'logLoss', 'calibrationError', 'rocAuc', 'rocAucWeighted'];
const quick = { epochs: 24, learningRate: 3e-3, headLearningRate: 1e-2, batchSize: 8 };

onEachEngine('fine-tuning', () => {
  it('learns the task, tells its progress, and leaves the encoder as it was', async () => {
    const encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
    const task = await taskFor(encoder);
    const before = weightsOf(encoder);
    const progress: [number, number][] = [];
    const predictions = new Map<string, Int32Array>();
    const fineTunings = {
      fineTuning: fineTuningSchema.parse(quick),
      fewShot: fewShotSchema.parse({ ...quick, epochs: 1, perClass: [2, 4], draws: 2 }),
      multiTask: fineTuningSchema.parse(quick),
    };
    const tune = () =>
      fineTuneOnTasks(
        encoder,
        { tasks: [task], beside: turned(task) },
        { ...fineTunings, pooling },
        {
          onProgress: (step, steps) => progress.push([step, steps]),
          onPredicted: (classifier, predicted) => predictions.set(classifier, predicted),
        },
      );
    const metrics = await tune();
    expect(weightsOf(encoder)).toEqual(before);
    expect(Object.keys(metrics)).toEqual(
      ['fineTuning', 'multiTask', 'fewShot2', 'fewShot4'].flatMap((run) =>
        [...scores, 'diverged'].map((metric) => `task.${run}.${metric}`),
      ),
    );
    expect(metrics['task.fineTuning.accuracy']).toBeGreaterThan(0.9);
    expect(metrics['task.multiTask.accuracy']).toBeGreaterThan(0.9);
    expect(metrics['task.fewShot2.accuracy']).toBeLessThan(0.9);
    // 36 texts in batches of 8, 24 times, alone and beside others; 6 and 12 texts once, by 2 drawings each.
    const steps = 2 * 24 * 5 + 2 * (1 + 2);
    expect(progress).toEqual(Array.from({ length: steps }, (_, i) => [i + 1, steps]));
    expect([...predictions.keys()]).toEqual(['task.fineTuning', 'task.multiTask']);
    for (const [name, predicted] of predictions) {
      expect(classificationScores(task.test.labels, predicted).macroF1).toBe(metrics[`${name}.macroF1`]);
    }
    expect(await tune()).toEqual(metrics);
    encoder.dispose();
  });

  it('counts trainings that diverged, whose scores are those of the encoder before', async () => {
    const encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
    const task = await taskFor(encoder);
    const options = {
      fineTuning: fineTuningSchema.parse({ ...quick, learningRate: 1e30 }),
      fewShot: null,
      multiTask: null,
    };
    const metrics = await fineTuneOnTasks(encoder, { tasks: [task], beside: task }, { ...options, pooling });
    expect(metrics['task.fineTuning.diverged']).toBe(1);
    expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
    encoder.dispose();
  });
});

describe('drawFewShot', () => {
  const labels = Int32Array.from({ length: 50 }, (_, i) => (i < 3 ? 2 : i % 2));

  it.each([1, 2, 8, 30])('gives %d items of each class, or all that there are', (perClass) => {
    const drawn = [...drawFewShot(labels, 4, perClass, 0)];
    expect(new Set(drawn).size).toBe(drawn.length);
    for (const [label, size] of [23, 24, 3, 0].entries()) {
      expect(drawn.filter((i) => labels[i] === label)).toHaveLength(Math.min(size, perClass));
    }
  });

  it('holds the smaller drawings of the same number, and differs from those of another', () => {
    const large = new Set(drawFewShot(labels, 3, 8, 1));
    expect([...drawFewShot(labels, 3, 4, 1)].every((item) => large.has(item))).toBe(true);
    expect(new Set(drawFewShot(labels, 3, 8, 2))).not.toEqual(large);
  });
});

it('tells beforehand what it costs', () => {
  const texts = (size: number) => ({ labels: Int32Array.from({ length: size }, (_, i) => i % 2) });
  const task = { name: 'task', labelNames: ['a', 'b'], train: texts(100), test: texts(30) };
  const work = (count: number, fineTunings: Partial<FineTunings>) => {
    const none = { fineTuning: null, fewShot: null, multiTask: null };
    return fineTuningWork({ tasks: Array(count).fill(task), beside: task }, { ...none, ...fineTunings });
  };
  const fewShot = fewShotSchema.parse({ perClass: [8, 64], draws: 3, epochs: 10 });
  const fineTuning = fineTuningSchema.parse({ epochs: 2 });
  expect(work(1, {})).toEqual({ trained: 0, embedded: 0 });
  expect(work(2, { fineTuning })).toEqual({ trained: 400, embedded: 60 });
  expect(work(1, { multiTask: fineTuning })).toEqual({ trained: 400, embedded: 30 });
  expect(work(1, { fewShot })).toEqual({ trained: 3 * 10 * (16 + 100), embedded: 180 });
});

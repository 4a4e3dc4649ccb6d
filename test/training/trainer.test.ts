import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Sampler } from '../../samplers/sampler.ts';
import { embedTexts } from '../../src/encoders/embed.ts';
import { deltaMse } from '../../src/evaluation/drift.ts';
import {
  type StepReport,
  type Training,
  type TrainingOutcome,
  totalSteps,
  train,
  type ValidationResult,
} from '../../src/training/trainer.ts';
import { availableEngines, onEachEngine, useEngine } from '../engine/engines.ts';
import { seededRun, type TinySettings, type TinyTraining, tinyTraining, weightsHash } from './tinyTraining.ts';

async function tiny(settings: TinySettings): Promise<TinyTraining> {
  const training = await tinyTraining(settings);
  onTestFinished(training.dispose);
  return training;
}

/** Trains and keeps the reports and the weights after each step; `hashes[0]` are those of the start. */
async function recorded(training: Training): Promise<{
  outcome: TrainingOutcome;
  reports: readonly StepReport[];
  hashes: readonly string[];
}> {
  const reports: StepReport[] = [];
  const hashes = [weightsHash(training)];
  const onStep = (report: StepReport) => {
    reports.push(report);
    hashes.push(weightsHash(training));
    training.onStep?.(report);
  };
  return { outcome: await train({ ...training, onStep }), reports, hashes };
}

/** Validations with these results, in turn. */
function scripted(results: readonly Partial<ValidationResult>[]): () => Promise<ValidationResult> {
  let i = 0;
  return async () => ({ score: 0, deltaEmb: 0, metrics: {}, ...results[i++] });
}

function poison(variables: ReadonlyMap<string, tf.Variable>): void {
  for (const variable of variables.values()) tf.tidy(() => variable.assign(tf.mul(variable, Number.NaN)));
}

function areFinite(variables: ReadonlyMap<string, tf.Variable>): boolean {
  return [...variables.values()].every((variable) => variable.dataSync().every(Number.isFinite));
}

/** Two texts a batch, four batches an epoch: epoch n starts at text 8 n. */
const countingSampler: Sampler = {
  batchesPerEpoch: 4,
  coverage: { items: 48, perEpoch: 8, dropped: 0, droppedLabels: [], epochsToCover: 6 },
  epoch: (n) => [0, 2, 4, 6].map((i) => Int32Array.of(8 * n + i, 8 * n + i + 1)),
};

describe('totalSteps', () => {
  it.each([
    [{ steps: 7 }, 7],
    [{ epochs: 2 }, 8],
    [{ epochs: 1.5 }, 6],
    [{ epochs: 0.01 }, 1],
  ])('of %j at 4 batches an epoch is %i', (length, steps) => {
    expect(totalSteps({ ...length } as Training['options'], { batchesPerEpoch: 4 })).toBe(steps);
  });
});

onEachEngine('train', (engine) => {
  it.each([{ steps: 6 }, { epochs: 1.5 }])('takes the batches of the epochs in order for %j', async (length) => {
    const made = await tiny({ training: { ...length, conflictEvery: 0 }, objective: { vectorSpacePreservation: {} } });
    const batches: number[][] = [];
    const { reports, outcome } = await recorded({
      ...made,
      sampler: countingSampler,
      // Each text a class of its own: what is counted tells which texts were in the batch.
      labels: Int32Array.from({ length: 48 }, (_, i) => i),
      objective: { ...made.objective, counts: (labels) => ({ batch: batches.push([...labels]) }) },
    });
    expect(batches).toEqual([...countingSampler.epoch(0), ...countingSampler.epoch(1).slice(0, 2)].map((b) => [...b]));
    expect(reports.map(({ step, epoch, totalSteps }) => [step, epoch, totalSteps])).toEqual([
      [1, 0, 6],
      [2, 0, 6],
      [3, 0, 6],
      [4, 0, 6],
      [5, 1, 6],
      [6, 1, 6],
    ]);
    expect(outcome).toEqual({ status: 'completed', steps: 6, keptStep: 6 });
  });

  it('reports learning rates, terms, counts and, at its interval, the conflict', async () => {
    const training = await tiny({ training: { steps: 4, warmup: 0.5, learningRate: 1e-3, conflictEvery: 3 } });
    const { reports, hashes } = await recorded(training);
    expect(reports.map(({ learningRate }) => learningRate)).toEqual([0, 5e-4, 1e-3, 5e-4]);
    expect(hashes[1]).toBe(hashes[0]);
    expect(new Set(hashes).size).toBe(4);
    expect(reports.map(({ conflict }) => conflict !== undefined)).toEqual([true, false, false, true]);
    for (const { loss, terms, gradientNorm, counts } of reports) {
      expect(loss).toBeCloseTo((terms.supCon ?? 0) + (terms.vectorSpacePreservation ?? 0), 5);
      expect(gradientNorm).toBeGreaterThan(0);
      expect(counts).toEqual({ 'supCon.loneAnchors': 0, 'supCon.usableAnchors': 16, 'supCon.positivesPerAnchor': 3 });
    }
  });

  it('repeats itself to the bit for the same seed, in this process and in another, and not for another seed', async () => {
    const first = await seededRun(3);
    expect(first.reports).toHaveLength(3);
    expect(await seededRun(3)).toEqual(first);
    const other = await seededRun(4);
    expect(other.weights).not.toBe(first.weights);
    expect(other.reports[0]?.loss).not.toBe(first.reports[0]?.loss);
    const script = fileURLToPath(new URL('seededRun.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, engine, '3']);
    // What JSON gives back of a number is that number.
    expect(JSON.parse(stdout)).toEqual(first);
  });

  it('leaves as many tensors as it found, in every step and at the end', async () => {
    for (const accumulate of [1, 3]) {
      const training = await tiny({
        training: { steps: 4, accumulate, conflictEvery: 2, validateEvery: 2, checkpoint: 'best' },
      });
      const before = tf.memory().numTensors;
      const during: number[] = [];
      await train({
        ...training,
        onStep: () => during.push(tf.memory().numTensors),
        validate: scripted([{ score: 1 }, { score: 0 }]),
      });
      expect(tf.memory().numTensors).toBe(before);
      expect(new Set(during).size).toBe(1);
    }
  });
});

onEachEngine('train, where the loss is no longer finite', () => {
  it('stops before the update and keeps the weights that it has while they are sound', async () => {
    const training = await tiny({ training: { steps: 8, warmup: 0 } });
    const { outcome, reports, hashes } = await recorded({
      ...training,
      onStep: ({ step }) => step === 3 && poison(training.heads.variables),
    });
    expect(outcome).toEqual({ status: 'diverged', reason: 'the loss is NaN in step 4', steps: 3, keptStep: 3 });
    expect(reports).toHaveLength(4);
    expect(reports[3]?.loss).toBeNaN();
    expect(areFinite(training.encoder.variables)).toBe(true);
    expect(new Set(hashes).size).toBe(5);
  });

  it.each([
    ['the loss is Infinity', 1e25, 1],
    ['the gradient norm is Infinity', 1e15, 1e6],
  ])('changes nothing when %s', async (what, distance, weight) => {
    const training = await tiny({
      training: { steps: 4, warmup: 0 },
      objective: { vectorSpacePreservation: { weight } },
    });
    const frozen = { ...training.frozen, data: training.frozen.data.map(() => distance) };
    const { outcome, hashes } = await recorded({ ...training, frozen });
    expect(outcome).toEqual({ status: 'diverged', reason: `${what} in step 1`, steps: 0, keptStep: 0 });
    expect(hashes[1]).toBe(hashes[0]);
  });

  it.each([
    ['the start without a validation', [], 0],
    ['the best validation', [{ score: 0.2 }, { score: 0.1 }], 1],
  ])('goes back to %s when the weights are lost', async (_, results, keptStep) => {
    const validateEvery = results.length > 0 ? 1 : 0;
    const training = await tiny({ training: { steps: 8, warmup: 0, validateEvery } });
    const encoderOnly = { ...training, heads: { ...training.heads, variables: new Map<string, tf.Variable>() } };
    const hashes = [weightsHash(encoderOnly)];
    const outcome = await train({
      ...training,
      ...(validateEvery > 0 && { validate: scripted(results) }),
      onStep: ({ step }) => {
        hashes.push(weightsHash(encoderOnly));
        if (step === 3) poison(training.encoder.variables);
      },
    });
    expect(outcome).toEqual({ status: 'diverged', reason: 'the loss is NaN in step 4', steps: 3, keptStep });
    expect(weightsHash(encoderOnly)).toBe(hashes[keptStep]);
  });

  it('does not keep weights that are finite but too large to embed anything', async () => {
    const training = await tiny({ training: { steps: 4, learningRate: 1e30, warmup: 0, validateEvery: 1 } });
    const start = [...training.encoder.variables.values()].map((variable) => variable.dataSync());
    const outcome = await train({
      ...training,
      validate: async () => {
        const embeddings = await embedTexts(training.encoder, training.texts, { pooling: training.pooling });
        return { score: 0.5, deltaEmb: deltaMse(embeddings, training.frozen), metrics: {} };
      },
    });
    expect(outcome).toEqual({ status: 'diverged', reason: 'the loss is NaN in step 2', steps: 1, keptStep: 0 });
    expect([...training.encoder.variables.values()].map((variable) => variable.dataSync())).toEqual(start);
  });

  it('notices what the last update has done', async () => {
    const training = await tiny({ training: { steps: 1, learningRate: 1e30, warmup: 0 } });
    const reason = 'the embeddings are not finite after step 1';
    expect(await train(training)).toEqual({ status: 'diverged', reason, steps: 1, keptStep: 0 });
    expect(areFinite(training.encoder.variables)).toBe(true);
  });

  it('leaves no tensor behind', async () => {
    const training = await tiny({ training: { steps: 3, learningRate: 1e30, warmup: 0 } });
    const before = tf.memory().numTensors;
    await train(training);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('train with validations', () => {
  // Which weights are kept does not depend on the engine.
  beforeAll(() => useEngine(availableEngines[0] ?? 'wasm'));

  it.each([
    [1, 4, [1, 2, 3, 4]],
    [2, 5, [2, 4, 5]],
    [3, 6, [3, 6]],
    [0, 3, [3]],
    [9, 3, [3]],
  ])('validates every %i of %i steps and after the last', async (validateEvery, steps, expected) => {
    const validated: number[] = [];
    const training = await tiny({ training: { steps, validateEvery } });
    const results = expected.map((step) => ({ score: step, metrics: { step } }));
    await train({
      ...training,
      validate: scripted(results),
      onValidation: (step, { metrics }) => validated.push(step, metrics.step ?? Number.NaN),
    });
    expect(validated).toEqual(expected.flatMap((step) => [step, step]));
  });

  it.each([
    ['below the budget', [0.01, 0.019, 0.0199, 0.01], undefined],
    ['above it', [0.01, 0.03, 0.01, 0.01], { steps: 4, reason: 'deltaEmb 0.0300 reached the budget of 0.02' }],
    ['at it', [0.02, 0.03, 0.01, 0.01], { steps: 2, reason: 'deltaEmb 0.0200 reached the budget of 0.02' }],
    ['above it after the last step only', [0.01, 0.01, 0.01, 0.03], undefined],
  ])('stops on the drift budget: %s', async (_, drifts, stop) => {
    const training = await tiny({ training: { steps: 8, validateEvery: 2, stopWhen: { deltaEmb: 0.02 } } });
    const outcome = await train({ ...training, validate: scripted(drifts.map((deltaEmb) => ({ deltaEmb }))) });
    expect(outcome).toEqual(
      stop ? { status: 'stopped', ...stop, keptStep: stop.steps } : { status: 'completed', steps: 8, keptStep: 8 },
    );
  });

  it.each([
    [[0.1, 0.3, 0.2, 0.25, 0.9, 0.9], 4],
    [[0.1, 0.3, 0.3, 0.3, 0.9, 0.9], 4],
    [[0.1, 0.05, 0.2, 0.1, 0.3, 0.1], undefined],
    [[0.6, 0.5, 0.4, 0.9, 0.9, 0.9], 3],
    [[0.1, 0.2, 0.3, 0.4, 0.3, 0.3], undefined],
  ])('stops on a plateau of 2 validations: scores %j', async (scores, steps) => {
    const training = await tiny({ training: { steps: 6, validateEvery: 1, stopWhen: { patience: 2 } } });
    const outcome = await train({ ...training, validate: scripted(scores.map((score) => ({ score }))) });
    expect(outcome).toEqual(
      steps === undefined
        ? { status: 'completed', steps: 6, keptStep: 6 }
        : { status: 'stopped', reason: 'no higher validation score in 2 validations', steps, keptStep: steps },
    );
  });

  it.each([
    ['best', [0.1, 0.4, 0.4, 0.2], 'completed', 4],
    ['best', [0.4, 0.3, 0.2, 0.1], 'completed', 2],
    ['best', [0.1, 0.2, 0.3, 0.4], 'completed', 8],
    ['last', [0.4, 0.3, 0.2, 0.1], 'completed', 8],
    ['best', [0.1, 0.2, 0.1, 0.1], 'stopped', 4],
    ['last', [0.1, 0.2, 0.1, 0.1], 'stopped', 6],
    ['best', [0.2, 0.1, 0.1, 0.1], 'diverged', 2],
    ['last', [0.2, 0.1, 0.1, 0.1], 'diverged', 5],
  ] as const)('keeps the %s weights of scores %j that ends %s: those of step %i', async (checkpoint, scores, status, keptStep) => {
    const made = await tiny({
      training: {
        steps: 8,
        validateEvery: 2,
        warmup: 0,
        learningRate: 1e-2,
        checkpoint,
        ...(status === 'stopped' && { stopWhen: { deltaEmb: 1 } }),
      },
    });
    const hashes = [''];
    // The best heads come back with the best encoder; those of the last step are poisoned here.
    const encoderOnly = { ...made, heads: { ...made.heads, variables: new Map<string, tf.Variable>() } };
    const kept = checkpoint === 'best' ? made : encoderOnly;
    const outcome = await train({
      ...made,
      validate: scripted(scores.map((score, i) => ({ score, deltaEmb: i === 2 ? 2 : 0 }))),
      onStep: ({ step }) => {
        hashes.push(weightsHash(kept));
        if (status === 'diverged' && step === 5) poison(made.heads.variables);
      },
    });
    expect(outcome).toMatchObject({ status, keptStep });
    expect(hashes.indexOf(weightsHash(kept))).toBe(keptStep);
  });

  it('validates after each epoch, and after the last step', async () => {
    const made = await tiny({
      training: { epochs: 2.5, validateEvery: 'epoch', conflictEvery: 0 },
      objective: { vectorSpacePreservation: {} },
    });
    const steps: number[] = [];
    const validate = scripted([]);
    await train({ ...made, sampler: countingSampler, validate, onValidation: (step) => steps.push(step) });
    expect(steps).toEqual([4, 8, 10]);
  });

  it('drops in the head that classifies, anew in each step and the same when it is repeated', async () => {
    const losses = async (dropout: number) => {
      const training = await tiny({
        training: { steps: 3, learningRate: 1e-30, conflictEvery: 0, dropout },
        objective: { crossEntropy: {} },
        classifier: 'sequenceClassification',
      });
      // Nothing of the encoder drops, so that what differs is the head's.
      const encoder = {
        ...training.encoder,
        embed: (...[batch, pooling]: Parameters<Training['encoder']['embed']>) =>
          training.encoder.embed(batch, pooling),
      };
      const sameBatch = { ...training.sampler, epoch: () => Array(3).fill(training.sampler.epoch(0)[0] as Int32Array) };
      const { reports } = await recorded({ ...training, encoder, sampler: sameBatch });
      return reports.map(({ loss }) => loss);
    };
    const dropped = await losses(0.5);
    expect(new Set(dropped).size).toBe(3);
    expect(await losses(0.5)).toEqual(dropped);
    expect(new Set(await losses(0)).size).toBe(1);
  });
});

onEachEngine('a trained encoder', () => {
  const settings = { dropout: 0, conflictEvery: 0 };
  const meanSupCon = (reports: readonly StepReport[]) =>
    reports.reduce((sum, { terms }) => sum + (terms.supCon ?? Number.NaN), 0) / reports.length;

  it('has learned', async () => {
    const training = { ...settings, steps: 30, learningRate: 3e-3 };
    const { reports } = await recorded(await tiny({ training, objective: { supCon: {} } }));
    expect(meanSupCon(reports.slice(-3))).toBeLessThan(0.8 * meanSupCon(reports.slice(0, 3)));
  });

  it('drifts far less where VSP weighs much', async () => {
    const drifts: number[] = [];
    for (const weight of [0, 100]) {
      const objective = { supCon: {}, vectorSpacePreservation: { weight } };
      const training = await tiny({ training: { ...settings, steps: 12, learningRate: 1e-3 }, objective });
      await train(training);
      drifts.push(deltaMse(await embedTexts(training.encoder, training.texts, { pooling: 'mean' }), training.frozen));
    }
    const [without = 0, preserved = 0] = drifts;
    expect(preserved).toBeLessThan(without / 10);
  });

  it("moves its head at the head's own learning rate", async () => {
    const moved = async (rates: { headLearningRate?: number }) => {
      const training = await tiny({ training: { steps: 1, warmup: 0, learningRate: 1e-4, weightDecay: 0, ...rates } });
      const before = [...training.heads.variables.values()].map((variable) => variable.dataSync().slice());
      await train(training);
      const after = [...training.heads.variables.values()].map((variable) => variable.dataSync());
      const changes = after.flatMap((values, i) => [...values].map((x, j) => Math.abs(x - (before[i]?.[j] ?? 0))));
      return {
        head: Math.max(...changes),
        encoder: weightsHash({ ...training, heads: { ...training.heads, variables: new Map() } }),
      };
    };
    const [same, faster] = [await moved({}), await moved({ headLearningRate: 1e-2 })];
    // The first step of Adam changes a weight by the learning rate.
    expect(same.head).toBeCloseTo(1e-4, 6);
    expect(faster.head).toBeCloseTo(1e-2, 4);
    expect(faster.encoder).toBe(same.encoder);
  });
});

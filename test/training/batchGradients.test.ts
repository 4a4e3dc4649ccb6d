import * as tf from '@tensorflow/tfjs-core';
import { expect, it, onTestFinished } from 'vitest';
import { createDropout } from '../../src/encoders/dropout.ts';
import { supCon } from '../../src/objectives/supCon.ts';
import { vectorSpacePreservation } from '../../src/objectives/vectorSpacePreservation.ts';
import { stream } from '../../src/random.ts';
import { collate } from '../../src/text/batch.ts';
import { batchGradients, conflictAt } from '../../src/training/batchGradients.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import { scalarOf } from '../objectives/batches.ts';
import { type TinySettings, type TinyTraining, tinyTraining } from './tinyTraining.ts';

const weights = { supCon: 0.5, vectorSpacePreservation: 3 };
const objective = {
  supCon: { temperature: 0.2, weight: weights.supCon },
  vectorSpacePreservation: { weight: weights.vectorSpacePreservation },
};
/** Item 3 stands twice in it, as it may in a batch of a sampler that repeats. */
const indices = Int32Array.of(3, 8, 1, 20, 14, 33, 40, 3, 27, 9, 11);
const step = 6;

/** A training whose encoder is away from the frozen embeddings, so that preserving them has a gradient. */
async function movedTraining(
  training: Omit<TinySettings['training'], 'steps'>,
  settings: Partial<TinySettings> = {},
): Promise<TinyTraining> {
  const made = await tinyTraining({ objective, ...settings, training: { steps: 10, ...training } });
  onTestFinished(made.dispose);
  const random = stream(0, 'moved');
  return { ...made, frozen: { ...made.frozen, data: made.frozen.data.map((x) => x + 0.3 * random.normal()) } };
}

type Values = ReadonlyMap<string, Float32Array>;

/**
 * The definition, in one graph: the terms by themselves on the embeddings of `pieces` batches of items, each with its
 * own dropout.
 */
function reference(training: TinyTraining, pieces: readonly { indices: Int32Array; key: number }[]) {
  const { encoder, heads, texts, labels, frozen, pooling, seed, options } = training;
  const variables = new Map([...encoder.variables, ...heads.variables]);
  const items = pieces.flatMap((piece) => [...piece.indices]);
  const gradientOf = (loss: (embeddings: tf.Tensor2D) => tf.Scalar) => {
    const { value, grads } = tf.variableGrads(() => {
      const embedded = pieces.map(({ indices, key }) => {
        const dropout = createDropout(seed, key, encoder.config, options.dropout);
        return encoder.embed(collate(texts, indices, encoder.tokeniser.padId), pooling, { dropout });
      });
      return loss(tf.concat(embedded));
    }, [...variables.values()]);
    const gradients = new Map<string, Float32Array>();
    for (const [name, variable] of variables) {
      const gradient = grads[variable.name];
      if (gradient) gradients.set(name, gradient.dataSync() as Float32Array);
    }
    const result = { value: scalarOf(value), gradients };
    tf.dispose([value, grads]);
    return result;
  };
  const targets = items.map((i) => Array.from(frozen.data.subarray(i * frozen.columns, (i + 1) * frozen.columns)));
  return {
    supCon: gradientOf((embeddings) =>
      supCon.loss(
        {
          embeddings,
          frozen: null,
          projections: heads.projection?.project(embeddings) as tf.Tensor2D,
          logits: null,
          labels: Int32Array.from(items, (i) => labels[i] ?? -1),
        },
        { temperature: 0.2, denominator: 'out' },
      ),
    ),
    vectorSpacePreservation: gradientOf((embeddings) =>
      vectorSpacePreservation.loss(
        {
          embeddings,
          frozen: tf.tensor2d(targets),
          projections: null,
          logits: null,
          labels: new Int32Array(items.length),
        },
        { reduction: 'mean' },
      ),
    ),
  };
}

type Reference = ReturnType<typeof reference>;

function weightedSumOf({ supCon, vectorSpacePreservation }: Reference): Values {
  const sum = new Map<string, Float32Array>();
  for (const [name, gradient] of supCon.gradients) {
    const other = vectorSpacePreservation.gradients.get(name);
    sum.set(
      name,
      gradient.map((x, i) => weights.supCon * x + weights.vectorSpacePreservation * (other?.[i] ?? 0)),
    );
  }
  return sum;
}

function dotProduct(a: Values, b: Values): number {
  let sum = 0;
  for (const [name, values] of a) {
    const others = b.get(name);
    for (const [i, x] of values.entries()) sum += x * (others?.[i] ?? 0);
  }
  return sum;
}

const normOf = (gradients: Values) => Math.sqrt(dotProduct(gradients, gradients));

function valuesOf({ gradients }: ReturnType<typeof batchGradients>): Values {
  const values = new Map([...gradients].map(([name, gradient]) => [name, gradient.dataSync() as Float32Array]));
  tf.dispose([...gradients.values()]);
  return values;
}

/** The largest difference of two gradients, relative to the norm of the second. */
function difference(actual: Values, expected: Values): number {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  let largest = 0;
  for (const [name, values] of expected) {
    const others = actual.get(name);
    for (const [i, x] of values.entries()) largest = Math.max(largest, Math.abs(x - (others?.[i] ?? Number.NaN)));
  }
  return largest / normOf(expected);
}

const whole = [{ indices, key: step }];

onEachEngine('batchGradients', () => {
  it.each([
    1, 2, 3, 4, 11, 40,
  ])('has loss, terms and gradient of the whole batch with accumulate %i', async (accumulate) => {
    const training = await movedTraining({ accumulate, dropout: 0, clipNorm: 0 });
    const expected = reference(training, whole);
    const { supCon, vectorSpacePreservation } = expected;
    const found = batchGradients(training, indices, step);
    expect(found.terms.supCon).toBeCloseTo(supCon.value, 5);
    expect(found.terms.vectorSpacePreservation).toBeCloseTo(vectorSpacePreservation.value, 5);
    expect(found.loss).toBeCloseTo(
      weights.supCon * supCon.value + weights.vectorSpacePreservation * vectorSpacePreservation.value,
      5,
    );
    const gradient = weightedSumOf(expected);
    expect(found.gradientNorm / normOf(gradient)).toBeCloseTo(1, 4);
    expect(difference(valuesOf(found), gradient)).toBeLessThan(1e-5);
  });

  it('gives each piece dropout of its own, the same in both passes', async () => {
    const training = await movedTraining({ accumulate: 3, dropout: 0.3, clipNorm: 0 });
    const pieces = [0, 1, 2].map((i) => ({ indices: indices.slice(4 * i, 4 * i + 4), key: 3 * step + i }));
    const expected = reference(training, pieces);
    const found = batchGradients(training, indices, step);
    expect(found.terms.supCon).toBeCloseTo(expected.supCon.value, 5);
    expect(difference(valuesOf(found), weightedSumOf(expected))).toBeLessThan(1e-5);
  });

  it('takes the dropout rate of the encoder by default, and other masks in another step', async () => {
    const training = await movedTraining({ clipNorm: 0 });
    const losses = [step, step, step + 1].map((at) => {
      const { loss, ...found } = batchGradients(training, indices, at);
      valuesOf({ loss, ...found });
      return loss;
    });
    const { supCon, vectorSpacePreservation } = reference(training, whole);
    expect(losses[0]).toBeCloseTo(
      weights.supCon * supCon.value + weights.vectorSpacePreservation * vectorSpacePreservation.value,
      5,
    );
    expect(losses[1]).toBe(losses[0]);
    expect(losses[2]).not.toBe(losses[0]);
  });

  it('gives the norm of the encoder and the head together, to clip by', async () => {
    const result = batchGradients(await movedTraining({ dropout: 0 }), indices, step);
    const values = valuesOf(result);
    expect(Math.abs(result.gradientNorm / normOf(values) - 1)).toBeLessThan(1e-5);
  });

  it.each([1, 3])('trains no head where no term asks for one, with accumulate %i', async (accumulate) => {
    const training = await movedTraining({ accumulate }, { objective: { vectorSpacePreservation: {} } });
    const names = [...valuesOf(batchGradients(training, indices, step)).keys()];
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => training.heads.variables.has(name))).toEqual([]);
  });

  it.each([1, 3])('keeps nothing but the gradients, with accumulate %i', async (accumulate) => {
    const training = await movedTraining({ accumulate });
    expect(leakedTensors(() => valuesOf(batchGradients(training, indices, step)))).toBe(0);
  });
});

function conflictIn(training: TinyTraining) {
  const { gradients } = batchGradients(training, indices, step);
  const conflict = conflictAt(training, indices, step, gradients);
  tf.dispose([...gradients.values()]);
  return conflict;
}

onEachEngine('conflictAt', () => {
  it('has the norms and the cosine of the weighted terms over the encoder', async () => {
    const training = await movedTraining({ dropout: 0.2 });
    const expected = reference(training, whole);
    const encoderOnly = ({ gradients }: { gradients: Values }) =>
      new Map([...gradients].filter(([name]) => training.encoder.variables.has(name)));
    const [one, other] = [encoderOnly(expected.supCon), encoderOnly(expected.vectorSpacePreservation)];
    const { norms, cosines } = conflictIn(training);
    expect(Object.keys(norms)).toEqual(['supCon', 'vectorSpacePreservation']);
    expect(norms.supCon).toBeCloseTo(weights.supCon * normOf(one), 4);
    expect(norms.vectorSpacePreservation).toBeCloseTo(weights.vectorSpacePreservation * normOf(other), 4);
    expect(cosines).toEqual({
      'supCon/vectorSpacePreservation': expect.closeTo(dotProduct(one, other) / normOf(one) / normOf(other), 4),
    });
  });

  it('leaves out a term that does not train, and keeps no tensor', async () => {
    const training = await movedTraining({}, { objective: { supCon: {}, vectorSpacePreservation: { weight: 0 } } });
    let found: ReturnType<typeof conflictAt> | undefined;
    const leaked = leakedTensors(() => {
      found = conflictIn(training);
    });
    const gradients = valuesOf(batchGradients(training, indices, step));
    const encoderOnly = new Map([...gradients].filter(([name]) => training.encoder.variables.has(name)));
    expect(found).toEqual({ norms: { supCon: expect.closeTo(normOf(encoderOnly), 4) }, cosines: {} });
    expect(leaked).toBe(0);
  });
});

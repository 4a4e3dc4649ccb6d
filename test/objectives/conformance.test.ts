import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { objectives } from '../../src/objectives/index.ts';
import type { ObjectiveInputs } from '../../src/objectives/objective.ts';
import { objectiveSchema, weightedSum } from '../../src/objectives/weightedSum.ts';
import { stream } from '../../src/random.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import { dot, type Rows, randomBatch, randomRows, scalarOf } from './batches.ts';

/** A batch in float64; embeddings and projections are what an objective may have a gradient for. */
interface Batch {
  readonly embeddings: Rows;
  readonly frozen: Rows;
  readonly projections: Rows;
  readonly labels: Int32Array;
}

const size = 12;

function batchOf(labels: Int32Array): Batch {
  const { rows: embeddings, others: frozen } = randomBatch(labels.length, 6, 1, 8);
  return { embeddings, frozen, projections: randomBatch(labels.length, 4, 1, 9).rows, labels };
}

/** Four items of each of three labels, in turn: every third of the batch is a small batch with positives. */
const mixed = batchOf(Int32Array.from({ length: size }, (_, i) => Math.floor(i / 2) % 3));
/** Nothing to learn from for an objective that compares items of a label. */
const lone = batchOf(Int32Array.from({ length: size }, (_, i) => i));

function pick(batch: Batch, order: readonly number[]): Batch {
  const rows = (matrix: Rows) => order.map((i) => matrix[i] ?? []);
  return {
    embeddings: rows(batch.embeddings),
    frozen: rows(batch.frozen),
    projections: rows(batch.projections),
    labels: Int32Array.from(order, (i) => batch.labels[i] ?? 0),
  };
}

function tensorsOf(batch: Batch): ObjectiveInputs {
  return {
    embeddings: tf.tensor2d(batch.embeddings),
    frozen: tf.tensor2d(batch.frozen),
    projections: tf.tensor2d(batch.projections),
    labels: batch.labels,
  };
}

/** Value and gradients with respect to the embeddings and the projections. */
function valueAndGradients(evaluate: (inputs: ObjectiveInputs) => tf.Scalar, batch: Batch) {
  const inputs = tensorsOf(batch);
  const embeddings = tf.variable(inputs.embeddings) as tf.Variable<tf.Rank.R2>;
  const projections = tf.variable(tf.tensor2d(batch.projections));
  const { value, grads } = tf.variableGrads(() => evaluate({ ...inputs, embeddings, projections }));
  const gradient = (variable: tf.Variable, like: Rows) =>
    (grads[variable.name] as tf.Tensor2D | undefined)?.arraySync() ?? like.map((row) => row.map(() => 0));
  const result = {
    value: scalarOf(value),
    embeddings: gradient(embeddings, batch.embeddings),
    projections: gradient(projections, batch.projections),
  };
  tf.dispose([embeddings, projections]);
  return result;
}

onEachEngine('objective', () => {
  // Each objective alone, with its defaults, through the weighted sum: the way it is used.
  describe.each(Object.keys(objectives))('%s', (name) => {
    const sum = weightedSum(objectiveSchema.parse({ [name]: {} }));
    const [term] = sum.terms;
    const evaluate = (inputs: ObjectiveInputs) => sum.evaluate(inputs).total;
    const valueAt = (batch: Batch) => tf.tidy(() => scalarOf(evaluate(tensorsOf(batch))));

    test('has the gradient that its finite differences show', () => {
      const { embeddings, projections } = valueAndGradients(evaluate, mixed);
      for (let i = 0; i < 5; i++) {
        const random = stream(i, 'direction');
        const direction = (rows: Rows) =>
          randomRows(rows.length, rows[0]?.length ?? 0, random).map((row) => row.map((v) => v / 8));
        const [byEmbedding, byProjection] = [direction(mixed.embeddings), direction(mixed.projections)];
        const along = dot(embeddings.flat(), byEmbedding.flat()) + dot(projections.flat(), byProjection.flat());
        const moved = (step: number) => {
          const add = (rows: Rows, by: Rows) => rows.map((row, r) => row.map((v, k) => v + step * (by[r]?.[k] ?? 0)));
          return valueAt({
            ...mixed,
            embeddings: add(mixed.embeddings, byEmbedding),
            projections: add(mixed.projections, byProjection),
          });
        };
        const step = 5e-3;
        expect((moved(step) - moved(-step)) / (2 * step)).toBeCloseTo(along, 2);
      }
    });

    test('depends on nothing that it does not declare', () => {
      const undeclared = (['frozen', 'projections'] as const).filter((need) => !term?.needs.includes(need));
      const inputs = tensorsOf(mixed);
      const without = { ...inputs, ...Object.fromEntries(undeclared.map((need) => [need, null])) };
      expect(scalarOf(evaluate(without))).toBe(scalarOf(evaluate(inputs)));
    });

    test('does not change when the items are permuted', () => {
      const permuted = pick(mixed, stream(1, 'permutation').shuffle(mixed.labels.keys()));
      expect(valueAt(permuted)).toBeCloseTo(valueAt(mixed), 4);
    });

    test('is finite, with a finite gradient, where items are equal, lone or alone', () => {
      const equal = { ...mixed, projections: mixed.projections.map(() => [1, 0, 0, 0]), embeddings: mixed.frozen };
      for (const batch of [equal, lone, pick(lone, [0])]) {
        const { value, embeddings, projections } = valueAndGradients(evaluate, batch);
        expect([value, ...embeddings.flat(), ...projections.flat()].every(Number.isFinite)).toBe(true);
      }
    });

    test('keeps no tensor over 50 steps', () => {
      const inputs = tensorsOf(mixed);
      const embeddings = tf.variable(inputs.embeddings) as tf.Variable<tf.Rank.R2>;
      const projections = tf.variable(tf.tensor2d(mixed.projections));
      const step = () => {
        tf.dispose(sum.evaluate(inputs));
        tf.dispose(tf.variableGrads(() => evaluate({ ...inputs, embeddings, projections })));
      };
      step();
      expect(leakedTensors(() => Array.from({ length: 50 }, step))).toBe(0);
    });
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { objectives } from '../../src/objectives/index.ts';
import type { ObjectiveInputs } from '../../src/objectives/objective.ts';
import { objectiveSchema, weightedSum } from '../../src/objectives/weightedSum.ts';
import { stream } from '../../src/random.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import { dot, type Rows, randomBatch, randomRows, scalarOf } from './batches.ts';

/** A batch in float64; all but `frozen` is what an objective may have a gradient for. */
interface Batch {
  readonly embeddings: Rows;
  readonly frozen: Rows;
  readonly projections: Rows;
  readonly logits: Rows;
  readonly labels: Int32Array;
}

const size = 12;

function batchOf(labels: Int32Array): Batch {
  const { rows: embeddings, others: frozen } = randomBatch(labels.length, 6, 1, 8);
  return {
    embeddings,
    frozen,
    projections: randomBatch(labels.length, 4, 1, 9).rows,
    logits: randomBatch(labels.length, size, 1, 10).rows,
    labels,
  };
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
    logits: rows(batch.logits),
    labels: Int32Array.from(order, (i) => batch.labels[i] ?? 0),
  };
}

function tensorsOf(batch: Batch): ObjectiveInputs {
  return {
    embeddings: tf.tensor2d(batch.embeddings),
    frozen: tf.tensor2d(batch.frozen),
    projections: tf.tensor2d(batch.projections),
    logits: tf.tensor2d(batch.logits),
    labels: batch.labels,
  };
}

const trained = ['embeddings', 'projections', 'logits'] as const;
type Gradients = Record<(typeof trained)[number], Rows>;

/** Value and gradients with respect to all that may have one. */
function valueAndGradients(evaluate: (inputs: ObjectiveInputs) => tf.Scalar, batch: Batch) {
  const variables = Object.fromEntries(
    trained.map((name) => [name, tf.variable(tf.tensor2d(batch[name]))]),
  ) as unknown as Record<(typeof trained)[number], tf.Variable<tf.Rank.R2>>;
  const { value, grads } = tf.variableGrads(() => evaluate({ ...tensorsOf(batch), ...variables }));
  const gradients = Object.fromEntries(
    trained.map((name) => {
      const gradient = grads[variables[name].name] as tf.Tensor2D | undefined;
      return [name, gradient?.arraySync() ?? batch[name].map((row) => row.map(() => 0))];
    }),
  ) as Gradients;
  tf.dispose(variables);
  return { value: scalarOf(value), gradients };
}

onEachEngine('objective', () => {
  // Each objective alone, with its defaults, through the weighted sum: the way it is used.
  describe.each(Object.keys(objectives))('%s', (name) => {
    const sum = weightedSum(objectiveSchema.parse({ [name]: {} }));
    const [term] = sum.terms;
    const evaluate = (inputs: ObjectiveInputs) => sum.evaluate(inputs).total;
    const valueAt = (batch: Batch) => tf.tidy(() => scalarOf(evaluate(tensorsOf(batch))));

    test('has the gradient that its finite differences show', () => {
      const { gradients } = valueAndGradients(evaluate, mixed);
      for (let i = 0; i < 5; i++) {
        const random = stream(i, 'direction');
        const direction = Object.fromEntries(
          trained.map((name) => {
            const rows = mixed[name];
            const drawn = randomRows(rows.length, rows[0]?.length ?? 0, random);
            return [name, drawn.map((row) => row.map((v) => v / 8))];
          }),
        ) as Gradients;
        const along = trained.reduce((sum, name) => sum + dot(gradients[name].flat(), direction[name].flat()), 0);
        const moved = (step: number) => {
          const add = (rows: Rows, by: Rows) => rows.map((row, r) => row.map((v, k) => v + step * (by[r]?.[k] ?? 0)));
          const at = Object.fromEntries(trained.map((name) => [name, add(mixed[name], direction[name])])) as Gradients;
          return valueAt({ ...mixed, ...at });
        };
        const step = 5e-3;
        expect((moved(step) - moved(-step)) / (2 * step)).toBeCloseTo(along, 2);
      }
    });

    test('depends on nothing that it does not declare', () => {
      const undeclared = (['frozen', 'projections', 'logits'] as const).filter((need) => !term?.needs.includes(need));
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
        const { value, gradients } = valueAndGradients(evaluate, batch);
        expect([value, ...Object.values(gradients).flat(2)].every(Number.isFinite)).toBe(true);
      }
    });

    test('keeps no tensor over 50 steps', () => {
      const inputs = tensorsOf(mixed);
      const embeddings = tf.variable(inputs.embeddings) as tf.Variable<tf.Rank.R2>;
      const projections = tf.variable(tf.tensor2d(mixed.projections));
      const logits = tf.variable(tf.tensor2d(mixed.logits));
      const step = () => {
        tf.dispose(sum.evaluate(inputs));
        tf.dispose(tf.variableGrads(() => evaluate({ ...inputs, embeddings, projections, logits })));
      };
      step();
      expect(leakedTensors(() => Array.from({ length: 50 }, step))).toBe(0);
    });
  });
});

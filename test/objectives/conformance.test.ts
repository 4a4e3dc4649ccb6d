import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { emotions } from '../../src/data/emotions.ts';
import { objectives } from '../../src/objectives/index.ts';
import { countClasses, type ObjectiveInputs } from '../../src/objectives/objective.ts';
import { objectiveSchema, weightedSum } from '../../src/objectives/weightedSum.ts';
import { stream } from '../../src/random.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import { dot, type Rows, randomBatch, randomRows, scalarOf } from './batches.ts';

const optional = ['frozen', 'projections', 'logits', 'affect', 'targets'] as const;
const matrices = ['embeddings', ...optional] as const;
/** What an objective may have a gradient for. */
const trained = ['embeddings', 'projections', 'logits', 'affect'] as const;

type Matrices<Name extends string, T> = Record<Name, T>;

/** A batch in float64. */
type Batch = Matrices<(typeof matrices)[number], Rows> & { readonly labels: Int32Array };
type Gradients = Matrices<(typeof trained)[number], Rows>;

function ofEach<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Matrices<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Matrices<Name, T>;
}

const size = 12;
const names = emotions.slice(0, size);

function batchOf(labels: Int32Array): Batch {
  const { rows: embeddings, others: frozen } = randomBatch(labels.length, 6, 1, 8);
  return {
    embeddings,
    frozen,
    projections: randomBatch(labels.length, 4, 1, 9).rows,
    logits: randomBatch(labels.length, size, 1, 10).rows,
    affect: randomBatch(labels.length, 2, 1, 11).rows,
    targets: randomBatch(labels.length, size, 1, 12).rows.map((row) => row.map(Math.abs)),
    labels,
  };
}

/** Four items of each of three labels, in turn: every third of the batch is a small batch with positives. */
const mixed = batchOf(Int32Array.from({ length: size }, (_, i) => Math.floor(i / 2) % 3));
/** Nothing to learn from for an objective that compares items of a label. */
const lone = batchOf(Int32Array.from({ length: size }, (_, i) => i));

function pick(batch: Batch, order: readonly number[]): Batch {
  return {
    ...ofEach(matrices, (name) => order.map((i) => batch[name][i] ?? [])),
    labels: Int32Array.from(order, (i) => batch.labels[i] ?? 0),
  };
}

function tensorsOf(batch: Batch): ObjectiveInputs {
  const { labels } = batch;
  return {
    ...ofEach(matrices, (name) => tf.tensor2d(batch[name])),
    labels,
    classes: countClasses(names, labels),
  };
}

function variablesOf(batch: Batch): Matrices<(typeof trained)[number], tf.Variable<tf.Rank.R2>> {
  return ofEach(trained, (name) => tf.variable(tf.tensor2d(batch[name])) as tf.Variable<tf.Rank.R2>);
}

/** Value and gradients with respect to all that may have one. */
function valueAndGradients(evaluate: (inputs: ObjectiveInputs) => tf.Scalar, batch: Batch) {
  const variables = variablesOf(batch);
  const { value, grads } = tf.variableGrads(() => evaluate({ ...tensorsOf(batch), ...variables }));
  const gradients: Gradients = ofEach(trained, (name) => {
    const gradient = grads[variables[name].name] as tf.Tensor2D | undefined;
    return gradient?.arraySync() ?? batch[name].map((row) => row.map(() => 0));
  });
  tf.dispose(variables);
  return { value: scalarOf(value), gradients };
}

/** Each objective alone, with its defaults, and what goes by the activation under the other one too. */
const configs: Readonly<Record<string, z.input<typeof objectiveSchema>>> = {
  ...Object.fromEntries(Object.keys(objectives).map((name) => [name, { [name]: {} }])),
  'contradiction of sigmoids': { binaryCrossEntropy: { weight: 0 }, contradiction: {} },
};

onEachEngine('objective', () => {
  // Through the weighted sum: the way they are used.
  describe.each(Object.entries(configs))('%s', (_, config) => {
    const sum = weightedSum(objectiveSchema.parse(config));
    const evaluate = (inputs: ObjectiveInputs) => sum.evaluate(inputs).total;
    const valueAt = (batch: Batch) => tf.tidy(() => scalarOf(evaluate(tensorsOf(batch))));

    test('has the gradient that its finite differences show', () => {
      const { gradients } = valueAndGradients(evaluate, mixed);
      expect(Math.max(...Object.values(gradients).flat(2).map(Math.abs))).toBeGreaterThan(0);
      for (let i = 0; i < 5; i++) {
        const random = stream(i, 'direction');
        const direction: Gradients = ofEach(trained, (name) => {
          const drawn = randomRows(mixed[name].length, mixed[name][0]?.length ?? 0, random);
          return drawn.map((row) => row.map((v) => v / 8));
        });
        const along = trained.reduce((sum, name) => sum + dot(gradients[name].flat(), direction[name].flat()), 0);
        const moved = (step: number) => {
          const add = (rows: Rows, by: Rows) => rows.map((row, r) => row.map((v, k) => v + step * (by[r]?.[k] ?? 0)));
          return valueAt({ ...mixed, ...ofEach(trained, (name) => add(mixed[name], direction[name])) });
        };
        const step = 5e-3;
        expect((moved(step) - moved(-step)) / (2 * step)).toBeCloseTo(along, 2);
      }
    });

    test('depends on nothing that it does not declare', () => {
      const undeclared = optional.filter((name) => !sum.needs.has(name));
      const inputs = tensorsOf(mixed);
      const without = { ...inputs, ...ofEach(undeclared, () => null) };
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
      const variables = variablesOf(mixed);
      const step = () => {
        tf.dispose(sum.evaluate(inputs));
        tf.dispose(tf.variableGrads(() => evaluate({ ...inputs, ...variables })));
      };
      step();
      expect(leakedTensors(() => Array.from({ length: 50 }, step))).toBe(0);
    });
  });
});

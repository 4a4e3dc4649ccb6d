import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { EvaluationContext, Evaluator } from '../../src/evaluation/evaluator.ts';
import { evaluators } from '../../src/evaluation/index.ts';
import type { Matrix } from '../../src/evaluation/matrix.ts';
import { measureOf } from '../../src/evaluation/measures.ts';
import { onEachEngine } from '../engine/engines.ts';
import { mapValues, randomMatrix } from './matrices.ts';

/** What every evaluator has to cope with: ordinary encoders, tiny data, and encoders that training has ruined. */
const situations: Record<string, EvaluationContext> = {
  ordinary: contextOf(60, 25, 8, (value, i) => value + 0.2 * Math.sin(i)),
  unchanged: contextOf(60, 25, 8, (value) => value),
  'fewer texts than neighbours': contextOf(4, 2, 3, (value) => value + 0.1),
  'a single dimension': contextOf(12, 6, 1, (value) => -value),
  'collapsed to one point': contextOf(30, 12, 4, () => 0.1),
  'collapsed to zeros': contextOf(30, 12, 4, () => 0),
  'huge values': contextOf(30, 12, 4, (value) => value * 1e15),
};

function contextOf(train: number, test: number, columns: number, change: (value: number, i: number) => number) {
  const labelsOf = (rows: number) => Int32Array.from({ length: rows }, (_, i) => i % 3);
  const original = randomMatrix(test, columns, 1);
  return {
    train: { embeddings: mapValues(randomMatrix(train, columns, 2), change), labels: labelsOf(train) },
    test: { embeddings: mapValues(original, change), labels: labelsOf(test) },
    original: { test: original },
    seed: 5,
  };
}

/** Cosines and alignments are sums in float32. */
const rounding = 1e-5;

const copy = (matrix: Matrix): Matrix => ({ ...matrix, data: matrix.data.slice() });

const registered: Readonly<Record<string, Evaluator>> = evaluators;

for (const [name, evaluator] of Object.entries(registered)) {
  describe(name, () => {
    it('has a default for each option and refuses unknown ones', () => {
      expect(evaluator.schema.safeParse({}).success).toBe(true);
      expect(evaluator.schema.safeParse({ unheardOf: 1 }).success).toBe(false);
    });
  });

  onEachEngine(name, () => {
    for (const [situation, context] of Object.entries(situations)) {
      describe(situation, () => {
        const measure = () => evaluator.evaluate(context, evaluator.schema.parse({}));

        it('returns finite metrics within the ranges of their measures, the primary one among them', async () => {
          const metrics = await measure();
          expect(Object.keys(metrics)).toContain(evaluator.primary);
          for (const [metric, value] of Object.entries(metrics)) {
            expect(Number.isFinite(value), metric).toBe(true);
            const [least, greatest] = measureOf(`${name}.${metric}`)?.range ?? [Number.NaN, Number.NaN];
            expect(value, metric).toBeGreaterThanOrEqual(least - rounding);
            expect(value, metric).toBeLessThanOrEqual(greatest + rounding);
          }
        });

        it('returns the same bits again, leaves its inputs alone and no tensors behind', async () => {
          const before = [context.train.embeddings, context.test.embeddings, context.original.test].map(copy);
          const labels = [context.train.labels.slice(), context.test.labels.slice()];
          const first = await measure();
          const tensors = tf.memory().numTensors;
          expect(await measure()).toEqual(first);
          expect(tf.memory().numTensors).toBe(tensors);
          expect([context.train.embeddings, context.test.embeddings, context.original.test]).toEqual(before);
          expect([context.train.labels, context.test.labels]).toEqual(labels);
        });
      });
    }
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { classify } from '../../src/evaluation/classify.ts';
import type { Matrix } from '../../src/evaluation/matrix.ts';
import { type ClassificationHead, createClassificationHead } from '../../src/heads/classificationHead.ts';
import type { Activation } from '../../src/objectives/objective.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { dot, matrixOf, plainRows, randomMatrix } from './matrices.ts';

function headOf(width: number, ...tasks: number[]): ClassificationHead {
  const encoder = { config: { hiddenSize: width }, source: {} } as Parameters<typeof createClassificationHead>[1];
  return createClassificationHead({ kind: 'linear', tasks, labelNames: [] }, encoder, 1);
}

/** A head whose scores are the embeddings themselves. */
function identity(classes: number): ClassificationHead {
  const head = headOf(classes, classes);
  tf.tidy(() => {
    head.variables.get('classifier.weight')?.assign(tf.eye(classes));
    head.variables.get('classifier.bias')?.assign(tf.zeros([classes]));
  });
  return head;
}

/** One text after another, in float64. */
function oracle({ variables }: ClassificationHead, embeddings: Matrix, classes: number, activation: Activation) {
  const weight = variables.get('classifier.weight')?.arraySync() as number[][];
  const bias = variables.get('classifier.bias')?.arraySync() as number[];
  return plainRows(embeddings).map((embedding) => {
    const scores = weight.slice(0, classes).map((own, label) => dot(own, embedding) + (bias[label] as number));
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    return {
      scores,
      probabilities: scores.map((score) =>
        activation === 'softmax' ? Math.exp(score) / total : 1 / (1 + Math.exp(-score)),
      ),
    };
  });
}

/** Two scores that rounding in float32 can put in either order. */
const closest = 1e-5;

onEachEngine('classify', () => {
  // Around the 4096 rows that are classified at a time.
  const sizes = [1, 7, 4095, 4096, 4097, 8193];
  const cases = sizes.flatMap((rows) =>
    (['softmax', 'sigmoid'] as const).flatMap((activation) => [2, 5].map((classes) => ({ rows, activation, classes }))),
  );

  it.each(cases)('is what a loop gives: %o', async ({ rows, activation, classes }) => {
    const head = headOf(6, classes);
    const embeddings = randomMatrix(rows, 6, rows);
    const { predicted, probabilities, finite } = await classify(head, embeddings, activation);
    expect(finite).toBe(true);
    expect(probabilities.classes).toBe(classes);
    expect([predicted.length, probabilities.values.length]).toEqual([rows, rows * classes]);
    let furthest = 0;
    for (const [i, expected] of oracle(head, embeddings, classes, activation).entries()) {
      for (const [label, value] of expected.probabilities.entries()) {
        furthest = Math.max(furthest, Math.abs((probabilities.values[i * classes + label] as number) - value));
      }
      const taken = expected.scores[predicted[i] as number] as number;
      expect(Math.max(...expected.scores) - taken).toBeLessThan(closest);
    }
    expect(furthest).toBeLessThan(1e-5);
  });

  it('of a head for several tasks it takes the first', async () => {
    const head = headOf(6, 3, 4);
    const embeddings = randomMatrix(40, 6, 1);
    const { predicted, probabilities } = await classify(head, embeddings);
    expect(probabilities.classes).toBe(3);
    for (const [i, expected] of oracle(head, embeddings, 3, 'softmax').entries()) {
      const own = [...probabilities.values.subarray(3 * i, 3 * i + 3)];
      expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      for (const [label, value] of expected.probabilities.entries()) expect(own[label]).toBeCloseTo(value, 5);
      expect(expected.scores[predicted[i] as number]).toBeCloseTo(Math.max(...expected.scores), 5);
    }
  });

  it('of equal scores takes the first', async () => {
    const rows = [
      [1, 1, 1],
      [0, 2, 2],
      [3, 1, 3],
      [-1, -2, -1],
      [0, 0, 0],
    ];
    for (const activation of ['softmax', 'sigmoid'] as const) {
      const { predicted } = await classify(identity(3), matrixOf(rows), activation);
      expect([...predicted]).toEqual([0, 1, 0, 0, 0]);
    }
  });

  it('stays finite at scores that overflow an exponential', async () => {
    const { predicted, probabilities, finite } = await classify(
      identity(2),
      matrixOf([
        [500, -500],
        [-1e6, 1e6],
      ]),
    );
    expect(finite).toBe(true);
    expect([...predicted]).toEqual([0, 1]);
    expect([...probabilities.values]).toEqual([1, 0, 0, 1]);
  });

  describe.each([Number.NaN, Number.POSITIVE_INFINITY])('of scores with %d', (bad) => {
    it.each(['softmax', 'sigmoid'] as const)('every class is as likely as the others: %s', async (activation) => {
      const rows = [
        [1, 2, 3, 4],
        [1, bad, 3, bad],
      ];
      const { predicted, probabilities, finite } = await classify(identity(4), matrixOf(rows), activation);
      expect(finite).toBe(false);
      expect([...probabilities.values]).toEqual(Array(8).fill(0.25));
      for (const label of predicted) {
        expect(label).toBeGreaterThanOrEqual(0);
        expect(label).toBeLessThan(4);
      }
    });
  });

  it('leaves no tensor behind', async () => {
    const head = identity(3);
    expect(await leakedTensorsOf(() => classify(head, randomMatrix(5000, 3, 1)))).toBe(0);
  });

  it('of no texts is nothing', async () => {
    const { predicted, probabilities, finite } = await classify(identity(3), {
      data: new Float32Array(),
      rows: 0,
      columns: 3,
    });
    expect([predicted.length, probabilities.values.length, finite]).toEqual([0, 0, true]);
  });
});

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { crossEntropy } from '../../src/objectives/crossEntropy.ts';
import { onEachEngine } from '../engine/engines.ts';
import { expectClose, finiteDifferences, type Rows, randomBatch, valueAndGradient } from './batches.ts';

/** The definition, in float64 and explicit loops. */
function oracle(logits: Rows, labels: Int32Array, labelSmoothing: number): number {
  let total = 0;
  for (const [i, row] of logits.entries()) {
    const largest = Math.max(...row);
    const logSum = largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
    for (const [c, value] of row.entries()) {
      const target = (c === labels[i] ? 1 - labelSmoothing : 0) + labelSmoothing / row.length;
      total -= target * (value - logSum);
    }
  }
  return total / logits.length;
}

function crossEntropyOf(rows: Rows, labels: Int32Array, labelSmoothing: number) {
  const rest = { embeddings: tf.tensor2d(rows), frozen: null, projections: null, labels };
  return valueAndGradient(
    (logits) => crossEntropy.loss({ ...rest, logits }, { labelSmoothing, classWeights: 'none' }),
    rows,
  );
}

onEachEngine('crossEntropy', () => {
  test('by hand: equal scores of 4 classes cost ln 4', () => {
    expect(crossEntropyOf([[0, 0, 0, 0]], Int32Array.of(2), 0).value).toBeCloseTo(Math.log(4), 6);
  });

  test.each(
    [1, 2, 5].flatMap((size) =>
      [2, 3, 28].flatMap((classes) => [0, 0.1, 0.5].map((smoothing) => [size, classes, smoothing] as const)),
    ),
  )('equals explicit loops, its gradient their finite differences; %d texts, %d classes, ε %d', (size, classes, e) => {
    const { rows, labels } = randomBatch(size, classes, classes, size);
    for (const scale of [1, 20]) {
      const logits = rows.map((row) => row.map((value) => scale * value));
      const { value, gradient } = crossEntropyOf(logits, labels, e);
      expect(value).toBeCloseTo(oracle(logits, labels, e), 4);
      expectClose(
        gradient,
        finiteDifferences((at) => oracle(at, labels, e), logits),
        1e-5,
      );
    }
  });

  test('of several tasks is that of each item among the classes of its own task', () => {
    const { rows } = randomBatch(6, 9, 1, 4);
    const labels = Int32Array.of(0, 1, 2, 5, 6, 8);
    const tasks = [2, 4, 3];
    const rest = { embeddings: tf.tensor2d(rows), frozen: null, projections: null, labels, tasks };
    for (const labelSmoothing of [0, 0.2]) {
      const { value, gradient } = valueAndGradient(
        (logits) => crossEntropy.loss({ ...rest, logits }, { labelSmoothing, classWeights: 'none' }),
        rows,
      );
      const exact = (at: Rows) => {
        const begins = [0, 0, 2, 2, 6, 6];
        const sizes = [2, 2, 4, 4, 3, 3];
        const losses = at.map((row, i) => {
          const [begin, size] = [begins[i] ?? 0, sizes[i] ?? 0];
          return oracle([row.slice(begin, begin + size)], Int32Array.of((labels[i] ?? 0) - begin), labelSmoothing);
        });
        return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
      };
      expect(value).toBeCloseTo(exact(rows), 5);
      expectClose(gradient, finiteDifferences(exact, rows), 1e-5);
    }
    const wrong = { ...rest, logits: tf.tensor2d(rows), tasks: [2, 4] };
    expect(() => crossEntropy.loss(wrong, { labelSmoothing: 0, classWeights: 'none' })).toThrow(
      'tasks of 2 and 4 classes for 9 scores',
    );
  });

  describe('with balanced class weights', () => {
    const { cases } = JSON.parse(
      readFileSync(new URL('golden/weightedCrossEntropy.json', import.meta.url), 'utf8'),
    ) as {
      cases: {
        logits: Rows;
        labels: number[];
        weight: number[] | null;
        labelSmoothing: number;
        loss: number;
        gradient: Rows;
      }[];
    };
    const lossOf = (logits: tf.Tensor2D, labels: number[], counts: Int32Array, labelSmoothing: number) => {
      const rest = { embeddings: logits, frozen: null, projections: null, labels: Int32Array.from(labels) };
      const classes = { names: [], counts };
      return crossEntropy.loss({ ...rest, logits, classes }, { labelSmoothing, classWeights: 'balanced' });
    };

    test('equals torch.nn.functional.cross_entropy', () => {
      const weighted = cases.filter(({ weight }) => weight !== null);
      expect(weighted.length).toBeGreaterThan(15);
      for (const { logits, labels, weight, labelSmoothing, loss, gradient } of weighted) {
        // Classes of which there are as many texts as the weight is small; a common factor does not matter.
        const counts = Int32Array.from(weight as number[], (w) => (w === 0 ? 0 : Math.round(1e8 / w)));
        const own = valueAndGradient((at) => lossOf(at, labels, counts, labelSmoothing), logits);
        expect(own.value).toBeCloseTo(loss, 4);
        expectClose(own.gradient, gradient, 1e-5);
      }
    });

    test('equals the plain loss where the classes are equally many', () => {
      const { rows, labels } = randomBatch(7, 4, 4, 3);
      const { value } = valueAndGradient((at) => lossOf(at, [...labels], Int32Array.of(9, 9, 9, 9), 0.1), rows);
      expect(value).toBeCloseTo(crossEntropyOf(rows, labels, 0.1).value, 5);
    });

    test('needs to know how many there are', () => {
      const logits = tf.tensor2d([[1, 2]]);
      const inputs = { embeddings: logits, frozen: null, projections: null, labels: Int32Array.of(0), logits };
      const weigh = () => crossEntropy.loss(inputs, { labelSmoothing: 0, classWeights: 'balanced' });
      expect(weigh).toThrow('expected the classes');
    });
  });

  test('stays finite where a score is far above the others', () => {
    const { value, gradient } = crossEntropyOf([[1e4, -1e4, 0]], Int32Array.of(1), 0);
    expect(value).toBeCloseTo(2e4, 0);
    expect(gradient.flat().every(Number.isFinite)).toBe(true);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { vectorSpacePreservation } from '../../src/objectives/vectorSpacePreservation.ts';
import { stream } from '../../src/random.ts';
import { onEachEngine } from '../engine/engines.ts';
import {
  expectClose,
  finiteDifferences,
  type Rows,
  randomBatch,
  randomRotation,
  transform,
  valueAndGradient,
} from './batches.ts';

type Reduction = 'mean' | 'sum';

function oracle(h: Rows, h0: Rows, reduction: Reduction): number {
  let total = 0;
  for (const [i, row] of h.entries()) {
    let ofItem = 0;
    for (const [k, value] of row.entries()) ofItem += (value - (h0[i]?.[k] ?? 0)) ** 2;
    total += reduction === 'mean' ? ofItem / row.length : ofItem;
  }
  return total / h.length;
}

function preservationOf(h: Rows, h0: Rows, reduction: Reduction) {
  const labels = new Int32Array(h.length);
  return valueAndGradient(
    (embeddings) =>
      vectorSpacePreservation.loss(
        { embeddings, frozen: tf.tensor2d(h0), projections: null, logits: null, labels },
        { reduction },
      ),
    h,
  );
}

onEachEngine('vectorSpacePreservation', () => {
  test('by hand: differences 1, 0, 0 and 0, 2, 2', () => {
    const h = [
      [1, 0, 0],
      [1, 2, 3],
    ];
    const h0 = [
      [0, 0, 0],
      [1, 4, 1],
    ];
    expect(preservationOf(h, h0, 'sum').value).toBeCloseTo((1 + 8) / 2, 6);
    expect(preservationOf(h, h0, 'mean').value).toBeCloseTo((1 + 8) / 6, 6);
  });

  test('equals explicit loops, its gradient their finite differences, over a grid', () => {
    for (const size of [1, 2, 7, 16]) {
      for (const dimensions of [1, 3, 8]) {
        for (const reduction of ['mean', 'sum'] as const) {
          const { rows, others } = randomBatch(size, dimensions, 1, 5);
          const { value, gradient } = preservationOf(rows, others, reduction);
          expectClose([[value]], [[oracle(rows, others, reduction)]], 1e-6);
          expectClose(
            gradient,
            finiteDifferences((h) => oracle(h, others, reduction), rows),
            1e-6,
          );
        }
      }
    }
  });

  test('is 0 without a gradient where nothing has moved', () => {
    const { rows } = randomBatch(4, 3, 1, 6);
    const { value, gradient } = preservationOf(rows, rows, 'mean');
    expect(value).toBe(0);
    expect(gradient.flat().every((entry) => entry === 0)).toBe(true);
  });

  test('does not change when items are permuted or both spaces are rotated', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(10_000), (size, seed) => {
        const { rows, others } = randomBatch(size, 4, 1, seed);
        const order = stream(seed, 'order').shuffle(rows.keys());
        const pick = (items: Rows) => order.map((i) => items[i] ?? []);
        const rotation = randomRotation(4, stream(seed, 'rotation'));
        const { value } = preservationOf(rows, others, 'mean');
        const permuted = preservationOf(pick(rows), pick(others), 'mean').value;
        const rotated = preservationOf(transform(rows, rotation), transform(others, rotation), 'mean').value;
        expectClose([[permuted, rotated]], [[value, value]], 1e-6);
      }),
      { numRuns: 40 },
    );
  });
});

test('options: the mean by default', () => {
  expect(vectorSpacePreservation.schema.parse({})).toEqual({ reduction: 'mean' });
});

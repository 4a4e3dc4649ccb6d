import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { createClassificationHead } from '../../src/heads/classificationHead.ts';
import { onEachEngine } from '../engine/engines.ts';
import { dot, expectClose, type Rows, randomBatch } from '../objectives/batches.ts';

function valuesOf({ variables }: ReturnType<typeof createClassificationHead>) {
  const [weight, bias] = ['classifier.weight', 'classifier.bias'].map((name) => variables.get(name)?.arraySync());
  return { weight: weight as Rows, bias: bias as number[] };
}

/** It knows no more of an encoder than its width. */
const encoder = { config: { hiddenSize: 8 }, source: {} } as Parameters<typeof createClassificationHead>[1];

function linear(classes: number, seed: number) {
  return createClassificationHead({ kind: 'linear', tasks: [classes], labelNames: [] }, encoder, seed);
}

onEachEngine('classification head', () => {
  test.each([2, 6, 28])('is an affine map to %d classes', (classes) => {
    const head = linear(classes, 1);
    const { weight, bias } = valuesOf(head);
    const { rows } = randomBatch(5, 8, 1, 1);
    const expected = rows.map((row) => weight.map((w, c) => dot(row, w) + (bias[c] ?? 0)));
    expectClose(head.logits(tf.tensor2d(rows)).arraySync(), expected, 1e-5);
  });

  test('starts from its seed alone', () => {
    const start = (seed: number) => valuesOf(linear(3, seed));
    expect(start(1)).toEqual(start(1));
    expect(start(1)).not.toEqual(start(2));
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { binaryCrossEntropy } from '../../src/objectives/binaryCrossEntropy.ts';
import { stream } from '../../src/random.ts';
import { onEachEngine } from '../engine/engines.ts';
import { expectClose, finiteDifferences, type Rows, randomBatch, valueAndGradient } from './batches.ts';
import golden from './golden/binaryCrossEntropy.json' with { type: 'json' };

/** The definition, in float64 and explicit loops. */
function oracle(logits: Rows, targets: Rows, threshold: number | null): number {
  let total = 0;
  for (const [i, row] of logits.entries()) {
    for (const [c, x] of row.entries()) {
      const strength = targets[i]?.[c] as number;
      const t = threshold === null ? strength : Number(strength >= threshold);
      const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
      total += t * softplus(-x) + (1 - t) * softplus(x);
    }
  }
  return total / logits.length / (logits[0]?.length ?? 0);
}

function lossOf(rows: Rows, targets: Rows, threshold: number | null) {
  const rest = { embeddings: tf.tensor2d(rows), labels: new Int32Array(rows.length), targets: tf.tensor2d(targets) };
  return valueAndGradient((logits) => binaryCrossEntropy.loss({ ...rest, logits }, { threshold }), rows);
}

onEachEngine('binaryCrossEntropy', () => {
  describe.each(golden.cases.filter(({ posWeight }) => posWeight === null))('equals torch’s; $kind', (example) => {
    const { logits, targets, kind, loss, gradient } = example;
    // At any threshold 0 and 1 are what they are.
    test.each(kind === 'soft' ? [null] : [null, 0.3, 1])('threshold %s', (threshold) => {
      const own = lossOf(logits, targets, threshold);
      expect(own.value / loss).toBeCloseTo(1, 5);
      expectClose(own.gradient, gradient, 1e-6);
    });
  });

  test('by hand: scores of 0 cost ln 2 a class, whatever the targets, and pull towards them', () => {
    const { value, gradient } = lossOf([[0, 0, 0, 0]], [[0, 1, 0.25, 0.5]], null);
    expect(value).toBeCloseTo(Math.LN2, 6);
    expectClose(gradient, [[0.5 / 4, -0.5 / 4, 0.25 / 4, 0]], 1e-6);
  });

  test.each(
    [1, 2, 5].flatMap((size) =>
      [1, 3, 28].flatMap((classes) => [null, 0.05, 0.3, 1].map((threshold) => [size, classes, threshold] as const)),
    ),
  )('equals explicit loops, its gradient their finite differences; %d texts, %d classes, threshold %s', (...at) => {
    const [size, classes, threshold] = at;
    const random = stream(size, 'targets', classes);
    const { rows } = randomBatch(size, classes, 1, size);
    const targets = rows.map((row) => row.map(() => Math.fround(random.uniform())));
    for (const scale of [1, 20]) {
      const logits = rows.map((row) => row.map((value) => scale * value));
      const { value, gradient } = lossOf(logits, targets, threshold);
      expect(value).toBeCloseTo(oracle(logits, targets, threshold), 4);
      expectClose(
        gradient,
        finiteDifferences((at) => oracle(at, targets, threshold), logits),
        1e-5,
      );
    }
  });

  test.each([200, 1e4])('stays finite and exact at scores of ±%d', (x) => {
    const logits = [[x, -x, x, -x, x, -x]];
    const targets = [[1, 0, 0, 1, 0.5, 0.5]];
    const { value, gradient } = lossOf(logits, targets, null);
    expect(value).toBeCloseTo((0 + 0 + x + x + x / 2 + x / 2) / 6, 2);
    expectClose(gradient, [[0, 0, 1 / 6, -1 / 6, 0.5 / 6, -0.5 / 6]], 1e-6);
  });

  test.each([0.05, 0.1, 0.3, 0.6, 0.7, 0.9, 1])('a class as strong as the threshold is one of the text’s; %d', (at) => {
    const step = 2 ** -24;
    const targets = [[at, at - 2 * step, at + (at < 1 ? 2 * step : 0)]];
    const { gradient } = lossOf([[0, 0, 0]], targets, at);
    expectClose(gradient, [[-0.5 / 3, 0.5 / 3, -0.5 / 3]], 1e-6);
  });
});

test('options: .3 by default, null to take strengths as they are, nothing else', () => {
  const { schema } = binaryCrossEntropy;
  expect(schema.parse({})).toEqual({ threshold: 0.3 });
  expect(schema.parse({ threshold: null })).toEqual({ threshold: null });
  for (const wrong of [{ threshold: 0 }, { threshold: -0.1 }, { threshold: 1.01 }, { posWeight: 2 }]) {
    expect(schema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  }
});

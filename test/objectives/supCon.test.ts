import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { supCon } from '../../src/objectives/supCon.ts';
import { stream } from '../../src/random.ts';
import { onEachEngine } from '../engine/engines.ts';
import {
  dot,
  expectClose,
  finiteDifferences,
  type Rows,
  randomBatch,
  randomRotation,
  transform,
  valueAndGradient,
} from './batches.ts';

type Denominator = 'out' | 'in';
const denominators: readonly Denominator[] = ['out', 'in'];

/** Each anchor's loss by explicit loops over Eq. 2 and 3 of Khosla et al.; undefined for a lone anchor. */
function anchorLosses(z: Rows, labels: Int32Array, temperature: number, denominator: Denominator) {
  return z.map((anchor, i) => {
    const similarities = z.map((other) => dot(anchor, other) / temperature);
    const others = [...z.keys()].filter((j) => j !== i);
    const positives = others.filter((j) => labels[j] === labels[i]);
    if (positives.length === 0) return undefined;
    const largest = Math.max(...others.map((j) => similarities[j] ?? 0));
    let sum = 0;
    for (const j of others) sum += Math.exp((similarities[j] ?? 0) - largest);
    const logQ = positives.map((p) => (similarities[p] ?? 0) - largest - Math.log(sum));
    if (denominator === 'out') return -logQ.reduce((a, b) => a + b, 0) / positives.length;
    const best = Math.max(...logQ);
    return -(best + Math.log(logQ.reduce((total, l) => total + Math.exp(l - best), 0) / positives.length));
  });
}

function oracle(z: Rows, labels: Int32Array, temperature: number, denominator: Denominator): number {
  const losses = anchorLosses(z, labels, temperature, denominator).filter((loss) => loss !== undefined);
  return losses.length > 0 ? losses.reduce((a, b) => a + b, 0) / losses.length : 0;
}

function supConOf(z: Rows, labels: Int32Array, temperature: number, denominator: Denominator = 'out') {
  return valueAndGradient(
    (projections) =>
      supCon.loss(
        { embeddings: projections, frozen: null, projections, logits: null, labels },
        { temperature, denominator },
      ),
    z,
  );
}

/** Computed with NumPy from Eq. 2 and 3, to six decimals. */
const golden = {
  z: [
    [1, 0, 0],
    [0.8, 0.6, 0],
    [0, 1, 0],
    [0, 0.6, 0.8],
    [0, 0, 1],
    [0.6, 0, 0.8],
  ],
  labels: Int32Array.of(0, 0, 1, 1, 1, 2),
  cases: [
    {
      temperature: 1,
      out: 1.41437,
      in: 1.388913,
      anchors: [1.152696, 1.291501, 1.59375, 1.425546, 1.608359, undefined],
    },
    {
      temperature: 0.1,
      out: 1.998236,
      in: 0.788177,
      anchors: [0.127814, 0.172869, 3.696858, 1.299989, 4.69365, undefined],
    },
  ],
};

describe('the oracle', () => {
  test.each(golden.cases)('has the golden values of each anchor, τ $temperature', ({ temperature, anchors }) => {
    const losses = anchorLosses(golden.z, golden.labels, temperature, 'out');
    for (const [i, loss] of losses.entries()) {
      if (loss === undefined) expect(anchors[i]).toBeUndefined();
      else expect(loss).toBeCloseTo(anchors[i] ?? Number.NaN, 6);
    }
  });
});

onEachEngine('supCon', () => {
  test.each(golden.cases)('has the golden mean over the anchors with a positive, τ $temperature', (expected) => {
    for (const denominator of denominators) {
      const { value } = supConOf(golden.z, golden.labels, expected.temperature, denominator);
      expect(value).toBeCloseTo(expected[denominator], 5);
    }
  });

  describe.each(denominators)('L_%s', (denominator) => {
    test('equals explicit loops, its gradient their finite differences, over a grid', () => {
      for (const size of [2, 3, 7, 16]) {
        for (const classes of [1, 2, 4, 16]) {
          for (const temperature of [0.05, 0.1, 0.5, 2]) {
            const { rows, labels } = randomBatch(size, 5, classes, 1);
            const { value, gradient } = supConOf(rows, labels, temperature, denominator);
            const exact = (z: Rows) => oracle(z, labels, temperature, denominator);
            expectClose([[value]], [[exact(rows)]], 2e-6);
            expectClose(gradient, finiteDifferences(exact, rows), 2e-5);
          }
        }
      }
    });

    test('stays exact at extreme temperatures', () => {
      const { rows, labels } = randomBatch(12, 4, 3, 2);
      for (const temperature of [1e-4, 1e-3, 1e-2, 1e2, 1e4]) {
        const { value, gradient } = supConOf(rows, labels, temperature, denominator);
        const exact = oracle(rows, labels, temperature, denominator);
        // Similarities of 1/τ are known to 1/τ · 6e-8 in float32.
        expect(Math.abs(value - exact)).toBeLessThan(1e-5 + 3e-7 / temperature);
        expect(gradient.flat().every(Number.isFinite)).toBe(true);
      }
    });

    test('lone anchors serve as negatives and contribute nothing themselves', () => {
      const { value } = supConOf(golden.z, golden.labels, 0.1, denominator);
      const withoutLone = supConOf(golden.z.slice(0, 5), golden.labels.slice(0, 5), 0.1, denominator).value;
      expect(value).toBeGreaterThan(withoutLone);
    });

    test.each([1, 2, 6])('a batch of %d lone anchors has loss 0 and gradient 0', (size) => {
      const { rows } = randomBatch(size, 4, size, 3);
      const { value, gradient } = supConOf(rows, Int32Array.from(rows.keys()), 0.1, denominator);
      expect(value).toBe(0);
      expect(gradient.flat().every((entry) => entry === 0)).toBe(true);
    });

    test('equal embeddings give log(B − 1), whatever the temperature', () => {
      for (const temperature of [0.01, 1]) {
        const { value } = supConOf(
          new Array(6).fill([0.6, 0.8]),
          Int32Array.of(0, 0, 0, 1, 1, 1),
          temperature,
          denominator,
        );
        expect(value).toBeCloseTo(Math.log(5), 4);
      }
    });
  });

  const drawn = {
    size: fc.integer({ min: 2, max: 14 }),
    classes: fc.integer({ min: 1, max: 6 }),
    seed: fc.nat(10_000),
    temperature: fc.double({ min: 0.05, max: 5, noNaN: true }),
    denominator: fc.constantFrom(...denominators),
  };
  const numRuns = 40;

  test('does not change when items are permuted, and the gradient is permuted with them', () => {
    fc.assert(
      fc.property(fc.record(drawn), ({ size, classes, seed, temperature, denominator }) => {
        const { rows, labels } = randomBatch(size, 4, classes, seed);
        const order = stream(seed, 'order').shuffle(rows.keys());
        const pick = <T>(items: ArrayLike<T>) => order.map((i) => items[i] as T);
        const original = supConOf(rows, labels, temperature, denominator);
        const permuted = supConOf(pick(rows), Int32Array.from(pick(labels)), temperature, denominator);
        expectClose([[permuted.value]], [[original.value]], 1e-5);
        expectClose(permuted.gradient, pick(original.gradient), 1e-4);
      }),
      { numRuns },
    );
  });

  test('does not change when the embedding is rotated, and the gradient is rotated with it', () => {
    fc.assert(
      fc.property(fc.record(drawn), ({ size, classes, seed, temperature, denominator }) => {
        const { rows, labels } = randomBatch(size, 4, classes, seed);
        const rotation = randomRotation(4, stream(seed, 'rotation'));
        const original = supConOf(rows, labels, temperature, denominator);
        const rotated = supConOf(transform(rows, rotation), labels, temperature, denominator);
        expectClose([[rotated.value]], [[original.value]], 1e-5);
        expectClose(rotated.gradient, transform(original.gradient, rotation), 1e-4);
      }),
      { numRuns },
    );
  });

  test('does not change when labels are renamed', () => {
    fc.assert(
      fc.property(fc.record(drawn), ({ size, classes, seed, temperature, denominator }) => {
        const { rows, labels } = randomBatch(size, 4, classes, seed);
        const names = stream(seed, 'names').shuffle([3, 14, 1, 59, 26, 535]);
        const renamed = labels.map((label) => names[label] ?? 0);
        expect(supConOf(rows, renamed, temperature, denominator)).toEqual(
          supConOf(rows, labels, temperature, denominator),
        );
      }),
      { numRuns },
    );
  });

  test('L_in is never above L_out', () => {
    fc.assert(
      fc.property(fc.record(drawn), ({ size, classes, seed, temperature }) => {
        const { rows, labels } = randomBatch(size, 4, classes, seed);
        const inside = supConOf(rows, labels, temperature, 'in').value;
        const outside = supConOf(rows, labels, temperature, 'out').value;
        expect(inside).toBeLessThanOrEqual(outside + 1e-5 * Math.max(1, outside));
      }),
      { numRuns },
    );
  });

  test('leaves the tape nothing but the loss', () => {
    const projections = tf.tensor2d(golden.z);
    const before = tf.memory().numTensors;
    supCon.loss(
      { embeddings: projections, frozen: null, projections, logits: null, labels: golden.labels },
      { temperature: 0.1, denominator: 'in' },
    );
    expect(tf.memory().numTensors - before).toBe(1);
  });
});

describe('counts', () => {
  test('lone and usable anchors, and positives per usable anchor', () => {
    // Label 0: 2 anchors with 1 positive each; label 1: 3 with 2 each; label 2: lone.
    expect(supCon.counts?.(golden.labels)).toEqual({ loneAnchors: 1, usableAnchors: 5, positivesPerAnchor: 8 / 5 });
    expect(supCon.counts?.(Int32Array.of(4, 7))).toEqual({ loneAnchors: 2, usableAnchors: 0, positivesPerAnchor: 0 });
  });
});

test('options: defaults, and temperatures that are refused', () => {
  expect(supCon.schema.parse({})).toEqual({ temperature: 0.1, denominator: 'out' });
  for (const temperature of [0, -1, 1e-9, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(supCon.schema.safeParse({ temperature }).success).toBe(false);
  }
});

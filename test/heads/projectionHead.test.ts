import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { createHead, type HeadConfig, headSchema, heads } from '../../src/heads/projectionHead.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import {
  dot,
  expectClose,
  finiteDifferences,
  normalised,
  type Rows,
  randomBatch,
  valueAndGradient,
} from '../objectives/batches.ts';

const kinds = Object.keys(heads) as (keyof typeof heads)[];

/** The head in float64, from its variables: the layers in order, a ReLU between two. */
function oracle(h: Rows, layers: readonly { weight: Rows; bias: number[] }[]): Rows {
  return normalised(
    layers.reduce(
      (x, { weight, bias }, i) =>
        x.map((row) => weight.map((w, o) => dot(i === 0 ? row : row.map((v) => Math.max(0, v)), w) + (bias[o] ?? 0))),
      h,
    ),
  );
}

function layersOf(variables: ReadonlyMap<string, tf.Variable>) {
  const values = [...variables.values()].map((variable) => variable.arraySync());
  return Array.from({ length: values.length / 2 }, (_, i) => ({
    weight: values[2 * i] as Rows,
    bias: values[2 * i + 1] as number[],
  }));
}

function config(kind: keyof typeof heads, out: number): HeadConfig {
  return headSchema.parse({ kind, out });
}

onEachEngine('projection head', () => {
  describe.each(kinds)('%s', (kind) => {
    test.each([1, 3, 8])('equals explicit loops, its gradient their finite differences; %d outputs', (out) => {
      const head = createHead(config(kind, out), 6, 1);
      const { rows } = randomBatch(4, 6, 1, 1);
      const layers = layersOf(head.variables);
      expectClose((head.project(tf.tensor2d(rows)) as tf.Tensor2D).arraySync(), oracle(rows, layers), 1e-6);

      const weights = randomBatch(4, out, 1, 2).rows;
      const { gradient } = valueAndGradient((h) => tf.sum(tf.mul(head.project(h), tf.tensor2d(weights))), rows);
      const exact = (h: Rows) => oracle(h, layers).reduce((sum, row, i) => sum + dot(row, weights[i] ?? []), 0);
      expectClose(gradient, finiteDifferences(exact, rows), 1e-5);
    });

    test('trains every variable', () => {
      const head = createHead(config(kind, 5), 6, 1);
      const h = tf.tensor2d(randomBatch(4, 6, 1, 1).rows);
      const { grads } = tf.variableGrads(
        () => tf.sum(tf.mul(head.project(h), tf.range(0, 5))),
        [...head.variables.values()],
      );
      for (const gradient of Object.values(grads)) expect(Math.max(...tf.abs(gradient).dataSync())).toBeGreaterThan(0);
      expect(Object.keys(grads)).toHaveLength(head.variables.size);
    });

    test('follows from the seed alone', () => {
      const start = (seed: number) => layersOf(createHead(config(kind, 4), 6, seed).variables);
      expect(start(1)).toEqual(start(1));
      expect(start(1)).not.toEqual(start(2));
    });

    test('keeps no tensor once disposed, and none of a projection', () => {
      const h = tf.tensor2d(randomBatch(4, 6, 1, 1).rows);
      const live = () => {
        const head = createHead(config(kind, 4), 6, 1);
        for (let i = 0; i < 5; i++) head.project(h).dispose();
        tf.dispose([...head.variables.values()]);
      };
      expect(leakedTensors(live)).toBe(0);
    });
  });

  test('starts uniform on ±1/√inputs, as torch.nn.Linear does', () => {
    const inputs = 100;
    const head = createHead(config('linear', 200), inputs, 3);
    for (const variable of head.variables.values()) {
      const values = [...variable.dataSync()].map((value) => value * Math.sqrt(inputs));
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      // A uniform variable on ±1 has mean 0 and variance 1/3; four standard errors of each.
      expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(1 / 3 / values.length));
      expect(Math.abs(variance - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / values.length));
    }
  });

  test('a row of zeros stays zero, with a finite gradient', () => {
    const head = createHead(config('linear', 4), 3, 1);
    head.variables.get('head.bias')?.assign(tf.zeros([4]));
    const { value, gradient } = valueAndGradient((h) => tf.sum(head.project(h)), [[0, 0, 0]]);
    expect(value).toBe(0);
    expect(gradient.flat().every(Number.isFinite)).toBe(true);
  });

  test("has torch's parameter names and orientation", () => {
    const shapes = (kind: keyof typeof heads) =>
      Object.fromEntries([...createHead(config(kind, 4), 6, 1).variables].map(([name, { shape }]) => [name, shape]));
    expect(shapes('linear')).toEqual({ 'head.weight': [4, 6], 'head.bias': [4] });
    expect(shapes('mlp')).toEqual({
      'head.0.weight': [6, 6],
      'head.0.bias': [6],
      'head.2.weight': [4, 6],
      'head.2.bias': [4],
    });
  });
});

test('a head is registered under the kind that its schema names', () => {
  for (const [name, { schema }] of Object.entries(heads)) expect(schema.shape.kind.value).toBe(name);
});

test('options: 64 outputs by default; unknown kinds and options are refused', () => {
  expect(headSchema.parse({ kind: 'linear' })).toEqual({ kind: 'linear', out: 64 });
  expect(headSchema.parse({ kind: 'mlp' })).toEqual({ kind: 'mlp', out: 64 });
  for (const wrong of [{ kind: 'deep' }, { kind: 'linear', hidden: 3 }, { kind: 'mlp', out: 0 }]) {
    expect(headSchema.safeParse(wrong).success).toBe(false);
  }
});

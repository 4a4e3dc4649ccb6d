import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { clippingScale, globalNorm } from '../../src/training/clipping.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';

/** Written by golden/clipping.py. */
const cases: { maxNorm: number; norm: number; before: [number[][], number[]]; after: [number[][], number[]] }[] =
  JSON.parse(readFileSync(new URL('golden/clipping.json', import.meta.url), 'utf8'));

function gradientsOf([a, b]: [number[][], number[]]): Map<string, tf.Tensor> {
  return new Map<string, tf.Tensor>([
    ['a', tf.tensor2d(a)],
    ['b', tf.tensor1d(b)],
  ]);
}

onEachEngine('clipping', () => {
  test.each(cases)('equals torch.nn.utils.clip_grad_norm_: norm $norm, bound $maxNorm', ({ maxNorm, ...golden }) => {
    const before = gradientsOf(golden.before);
    const norm = globalNorm(before).dataSync()[0] ?? Number.NaN;
    expect(norm).toBeCloseTo(golden.norm, 4);
    const scale = clippingScale(norm, maxNorm);
    for (const [name, expected] of gradientsOf(golden.after)) {
      const values = before.get(name)?.dataSync() ?? [];
      for (const [i, value] of expected.dataSync().entries()) {
        expect((values[i] ?? Number.NaN) * scale).toBeCloseTo(value, 6);
      }
    }
  });

  test('0 switches it off', () => {
    expect(clippingScale(5, 0)).toBe(1);
  });

  test('shows a norm that is not finite', () => {
    expect(globalNorm(gradientsOf([[[1]], [Number.POSITIVE_INFINITY]])).dataSync()[0]).toBe(Number.POSITIVE_INFINITY);
    expect(globalNorm(gradientsOf([[[1]], [Number.NaN]])).dataSync()[0]).toBeNaN();
  });

  test('sums as many squares as the largest table has, in order', () => {
    const values = Float32Array.from({ length: 100_003 }, (_, i) => Math.sin(i));
    const expected = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    const norm = globalNorm(new Map([['x', tf.tensor1d(values)]])).dataSync()[0] ?? Number.NaN;
    expect(Math.abs(norm / expected - 1)).toBeLessThan(1e-5);
  });

  test('no gradients have norm 0', () => {
    expect(globalNorm(new Map()).dataSync()[0]).toBe(0);
  });

  test('makes the norm and no other tensor', () => {
    const before = gradientsOf([[[1, 2]], [3]]);
    expect(leakedTensors(() => globalNorm(before))).toBe(1);
  });
});

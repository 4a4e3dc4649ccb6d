import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { clipByGlobalNorm, globalNorm } from '../../src/training/clipping.ts';
import { onEachEngine } from '../engine/engines.ts';

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
    const { gradients, norm } = clipByGlobalNorm(gradientsOf(golden.before), maxNorm);
    expect(norm.dataSync()[0]).toBeCloseTo(golden.norm, 4);
    for (const [name, expected] of gradientsOf(golden.after)) {
      const values = gradients.get(name)?.dataSync() ?? [];
      for (const [i, value] of expected.dataSync().entries()) expect(values[i]).toBeCloseTo(value, 6);
    }
  });

  test('0 switches it off: equal gradients, and still the norm', () => {
    const before = gradientsOf([[[3, 0]], [0, -4]]);
    const { gradients, norm } = clipByGlobalNorm(before, 0);
    expect(norm.dataSync()[0]).toBeCloseTo(5, 5);
    expect(gradients.get('b')?.dataSync()).toEqual(Float32Array.of(0, -4));
  });

  test('shows a norm that is not finite', () => {
    const { norm } = clipByGlobalNorm(gradientsOf([[[1]], [Number.POSITIVE_INFINITY]]), 1);
    expect(norm.dataSync()[0]).toBe(Number.POSITIVE_INFINITY);
  });

  test('no gradients have norm 0', () => {
    expect(globalNorm(new Map()).dataSync()[0]).toBe(0);
  });

  test.each([0, 1])('makes the gradients and the norm and no other tensor, bound %d', (maxNorm) => {
    const before = gradientsOf([[[1, 2]], [3]]);
    const tensors = tf.memory().numTensors;
    clipByGlobalNorm(before, maxNorm);
    expect(tf.memory().numTensors - tensors).toBe(3);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { layerNorm } from '../../src/encoders/layerNorm.ts';
import { stream } from '../../src/random.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import { largestDifference } from './goldens.ts';

const epsilon = 1e-5;

/** The same by single operations, whose gradients are TensorFlow.js's own. */
function bySingleOperations(x: tf.Tensor2D, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor2D {
  const { mean, variance } = tf.moments(x, 1, true);
  const normalised = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
  return tf.add(tf.mul(normalised, weight), bias);
}

onEachEngine('layerNorm', () => {
  describe.each([
    [1, 2],
    [3, 5],
    [17, 32],
  ])('of %i rows of %i', (rows, width) => {
    const { normal } = stream(3, 'layerNorm', rows, width);
    const values = (count: number) => Float32Array.from({ length: count }, normal);
    const upstream = values(rows * width);
    const input = [values(rows * width), values(width), values(width)] as const;
    const inputs = () =>
      [tf.tensor2d(input[0], [rows, width]), tf.tensor1d(input[1]), tf.tensor1d(input[2])] as [
        tf.Tensor2D,
        tf.Tensor,
        tf.Tensor,
      ];

    it('normalises each row', async () => {
      const [x, weight, bias] = input;
      const expected = x.map((_, i) => {
        const row = Array.from(x.subarray(i - (i % width), i - (i % width) + width));
        const mean = row.reduce((sum, value) => sum + value, 0) / width;
        const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
        const normalised = ((x[i] ?? 0) - mean) / Math.sqrt(variance + epsilon);
        return normalised * (weight[i % width] ?? 0) + (bias[i % width] ?? 0);
      });
      const actual = tf.tidy(() => layerNorm(...inputs(), epsilon));
      expect(largestDifference(await actual.data(), expected)).toBeLessThan(1e-5);
      actual.dispose();
    });

    it('has the gradients of its single operations', async () => {
      const gradients = (f: typeof bySingleOperations) =>
        tf.tidy(() => {
          const weighting = tf.tensor2d(upstream, [rows, width]);
          return tf.grads((...x) => tf.sum(tf.mul(f(...(x as ReturnType<typeof inputs>)), weighting)))(inputs());
        });
      const actual = gradients((x, weight, bias) => layerNorm(x, weight, bias, epsilon));
      const expected = gradients(bySingleOperations);
      for (const [i, gradient] of actual.entries()) {
        const wanted = (await expected[i]?.data()) as Float32Array;
        const scale = Math.max(1, ...wanted.map(Math.abs));
        expect(largestDifference(await gradient.data(), wanted) / scale).toBeLessThan(2e-5);
      }
      tf.dispose([actual, expected]);
    });
  });

  it('leaves no tensor behind', () => {
    const work = () => tf.tidy(() => layerNorm(tf.ones([2, 3]), tf.ones([3]), tf.zeros([3]), epsilon)).dispose();
    expect(leakedTensors(work)).toBe(0);
  });
});

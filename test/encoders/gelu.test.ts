import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { gelu } from '../../src/encoders/gelu.ts';
import { onEachEngine } from '../engine/engines.ts';

// x, y and its gradient by torch 2.15 in float64:
// y = torch.nn.functional.gelu(x); y.sum().backward(); x.grad
const golden = [
  [-6, -5.919525869479969e-9, -3.546870945402639e-8],
  [-2, -0.04550026389635842, -0.08523180107819692],
  [-0.7516, -0.16997119956502602, 8.26559974812513e-5],
  [0, 0, 0.5],
  [0.1, 0.053982783727702904, 0.5795230920247302],
  [1, 0.841344746068543, 1.0833154705876864],
  [3, 2.99595030590511, 1.011945647204184],
  [8, 7.999999999999995, 1.0000000000000397],
] as const;

onEachEngine('gelu', () => {
  it('equals the exact one, not the one by tanh', async () => {
    const y = tf.tidy(() => gelu(tf.tensor1d(golden.map(([x]) => x))));
    for (const [i, value] of (await y.data()).entries()) expect(value).toBeCloseTo(golden[i]?.[1] ?? Number.NaN, 5);
    y.dispose();
  });

  it('has its gradient', async () => {
    const gradient = tf.tidy(() => tf.grad((x) => tf.sum(gelu(x)))(tf.tensor1d(golden.map(([x]) => x))));
    for (const [i, value] of (await gradient.data()).entries()) {
      expect(value).toBeCloseTo(golden[i]?.[2] ?? Number.NaN, 5);
    }
    gradient.dispose();
  });
});

import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '../random.ts';

/** A trainable affine map, in the orientation and with the initial distribution of torch.nn.Linear. */
export interface LinearLayer {
  /** [outputs, inputs] */
  readonly weight: tf.Variable<tf.Rank.R2>;
  /** [outputs] */
  readonly bias: tf.Variable<tf.Rank.R1>;
  /** [B, inputs] → [B, outputs] */
  apply(x: tf.Tensor2D): tf.Tensor2D;
}

/**
 * Weight and bias are uniform on ±1/√inputs: Kaiming's uniform initialisation with a = √5, torch.nn.Linear's default.
 */
export function createLinearLayer(inputs: number, outputs: number, random: RandomStream): LinearLayer {
  const bound = 1 / Math.sqrt(inputs);
  const draw = (size: number) => Float32Array.from({ length: size }, () => (2 * random.uniform() - 1) * bound);
  const weight = tf.tidy(() => tf.variable(tf.tensor2d(draw(outputs * inputs), [outputs, inputs])));
  const bias = tf.tidy(() => tf.variable(tf.tensor1d(draw(outputs))));
  return { weight, bias, apply: (x) => tf.add(tf.matMul(x, weight, false, true), bias) };
}

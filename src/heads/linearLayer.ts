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
  return linearLayerOf(draw(outputs * inputs), draw(outputs));
}

/**
 * The layer with these values.
 *
 * @param weights [outputs · inputs], a row for each output
 * @param biases [outputs]
 */
export function linearLayerOf(weights: Float32Array, biases: Float32Array): LinearLayer {
  const shape: [number, number] = [biases.length, weights.length / biases.length];
  const weight = tf.tidy(() => tf.variable(tf.tensor2d(weights, shape)));
  const bias = tf.tidy(() => tf.variable(tf.tensor1d(biases)));
  return { weight, bias, apply: (x) => tf.add(tf.matMul(x, weight, false, true), bias) };
}

import * as tf from '@tensorflow/tfjs-core';

/**
 * Layer normalisation over the last axis (Ba et al. 2016, arXiv:1607.06450) with its gradient in one piece, which keeps
 * two tensors for the backward pass where the single operations would keep six.
 *
 * @param x [rows, width]
 * @param weight [width]
 * @param bias [width]
 */
export function layerNorm(x: tf.Tensor2D, weight: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor2D {
  const normalise = tf.customGrad((...inputs) => {
    const [input, scale, shift, save] = inputs as [tf.Tensor2D, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const centred = tf.sub(input, tf.mean(input, 1, true));
    const inverseDeviation = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon));
    const normalised = tf.mul(centred, inverseDeviation);
    save([normalised, inverseDeviation, scale]);
    return { value: tf.add(tf.mul(normalised, scale), shift), gradFunc };
  });
  return normalise(x, weight, bias) as tf.Tensor2D;
}

function gradFunc(upstream: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] {
  const [normalised, inverseDeviation, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
  const inner = tf.mul(upstream, scale);
  const meanInner = tf.mean(inner, 1, true);
  const projection = tf.mul(normalised, tf.mean(tf.mul(inner, normalised), 1, true));
  return [
    tf.mul(tf.sub(tf.sub(inner, meanInner), projection), inverseDeviation),
    tf.sum(tf.mul(upstream, normalised), 0),
    tf.sum(upstream, 0),
  ];
}

import * as tf from '@tensorflow/tfjs-core';

/** The exact GELU, x·Φ(x) with the normal distribution function Φ by erf (Hendrycks & Gimpel 2016, arXiv:1606.08415). */
export function gelu<T extends tf.Tensor>(x: T): T {
  const activate = tf.customGrad((...inputs) => {
    const [input, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const phi = tf.mul(tf.add(tf.erf(tf.mul(input, Math.SQRT1_2)), 1), 0.5);
    save([input, phi]);
    return { value: tf.mul(input, phi), gradFunc };
  });
  return activate(x) as T;
}

function gradFunc(upstream: tf.Tensor, saved: tf.Tensor[]): tf.Tensor {
  const [input, phi] = saved as [tf.Tensor, tf.Tensor];
  const density = tf.mul(tf.exp(tf.mul(tf.square(input), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return tf.mul(upstream, tf.add(phi, tf.mul(input, density)));
}

import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** How a text's token vectors become one vector: the first token's ([CLS]), or the mean over the real tokens. */
export const poolingSchema = z.enum(['cls', 'mean']);

export type Pooling = z.output<typeof poolingSchema>;

/**
 * @param hidden [batch, length, width]
 * @param mask [batch, length]; 1 at a token, 0 at padding
 * @returns [batch, width]
 */
export function pool(hidden: tf.Tensor3D, mask: tf.Tensor2D, pooling: Pooling): tf.Tensor2D {
  return tf.tidy(() => {
    const [batch, , width] = hidden.shape;
    if (pooling === 'cls') return tf.reshape(tf.slice3d(hidden, [0, 0, 0], [-1, 1, -1]), [batch, width]);
    const sum = tf.sum(tf.mul(hidden, tf.expandDims(mask, 2)), 1);
    return tf.div(sum, tf.maximum(tf.sum(mask, 1, true), 1));
  });
}

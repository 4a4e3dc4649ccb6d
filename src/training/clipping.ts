import * as tf from '@tensorflow/tfjs-core';

/** The L2 norm of all gradients taken together as one vector. */
export function globalNorm(gradients: ReadonlyMap<string, tf.Tensor>): tf.Scalar {
  return tf.tidy(() => {
    const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
    return squares.length > 0 ? (tf.sqrt(tf.addN(squares)) as tf.Scalar) : tf.scalar(0);
  });
}

/** torch.nn.utils.clip_grad_norm_ adds this to the norm before it divides. */
const epsilon = 1e-6;

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ does; never reads a tensor
 * back. A norm that is not finite makes the gradients NaN and is returned as it is, for the caller to notice.
 *
 * @param maxNorm 0 switches clipping off: the result shares its data with the gradients given
 * @returns new tensors, for the caller to dispose, and the norm before clipping
 */
export function clipByGlobalNorm(
  gradients: ReadonlyMap<string, tf.Tensor>,
  maxNorm: number,
): { gradients: Map<string, tf.Tensor>; norm: tf.Scalar } {
  const norm = globalNorm(gradients);
  const factor = maxNorm === 0 ? undefined : tf.tidy(() => tf.minimum(1, tf.div(maxNorm, tf.add(norm, epsilon))));
  const scaled = [...gradients].map(
    ([name, gradient]) => [name, factor ? tf.mul(gradient, factor) : tf.clone(gradient)] as const,
  );
  factor?.dispose();
  return { gradients: new Map(scaled), norm };
}

import * as tf from '@tensorflow/tfjs-core';
import { fusedOpsAreCurrent, runFusedOp } from '../engine/native/fusedOps.ts';

/** The L2 norm of all gradients taken together as one vector. */
export function globalNorm(gradients: ReadonlyMap<string, tf.Tensor>): tf.Scalar {
  return tf.tidy(() => {
    const squares = [...gradients.values()].map(squaredNorm);
    return squares.length > 0 ? (tf.sqrt(tf.addN(squares)) as tf.Scalar) : tf.scalar(0);
  });
}

function squaredNorm(x: tf.Tensor): tf.Tensor {
  return fusedOpsAreCurrent() ? (runFusedOp('ContrafitSquaredNorm', [], [x], 1)[0] as tf.Tensor) : tf.sum(tf.square(x));
}

/** torch.nn.utils.clip_grad_norm_ adds this to the norm before it divides. */
const epsilon = 1e-6;

/**
 * What gradients of this global norm are multiplied by to have at most `maxNorm`: min(1, maxNorm / (norm + 1e-6)), as
 * torch.nn.utils.clip_grad_norm_ does.
 *
 * @param maxNorm 0 switches clipping off
 */
export function clippingScale(norm: number, maxNorm: number): number {
  return maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + epsilon));
}

import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineObjective } from './objective.ts';

/**
 * Cross-entropy of the classification head's softmax with the labels, mean over the batch: −Σ_c t_c · log softmax(logits)_c
 * with t = (1 − ε) · [c is the label] + ε / classes, ε being the label smoothing (Szegedy et al. 2016, arXiv 1512.00567).
 *
 * With several tasks at once (Caruana 1997) the classes of one follow those of another, and the softmax of an item runs over
 * the classes of its own task.
 */
export const crossEntropy = defineObjective({
  schema: z.strictObject({
    /** ε, 0 to below 1. */
    labelSmoothing: z.number().min(0).lt(1).default(0),
  }),
  needs: ['logits', 'labels'],
  loss({ logits, labels, tasks = [logits.shape[1]] }, { labelSmoothing }) {
    return tf.tidy(() => {
      const targets = targetsOf(labels, logits.shape[1], tasks, labelSmoothing);
      const outside = tf.cast(tf.equal(targets.task, 0), 'float32');
      // Far below any score, and finite, so that 0 times its logarithm is 0.
      const own = tf.sub(logits, tf.mul(outside, 1e9));
      return tf.neg(tf.mean(tf.sum(tf.mul(targets.share, tf.logSoftmax(own)), 1))) as tf.Scalar;
    });
  },
});

/** For each item, [B, classes]: 1 at the classes of its task, and its target distribution. */
function targetsOf(labels: Int32Array, classes: number, tasks: readonly number[], labelSmoothing: number) {
  const task = new Float32Array(labels.length * classes);
  const share = new Float32Array(labels.length * classes);
  if (tasks.reduce((sum, size) => sum + size, 0) !== classes) {
    throw new RangeError(`tasks of ${tasks.join(' and ')} classes for ${classes} scores`);
  }
  for (const [i, label] of labels.entries()) {
    let begin = 0;
    let size = 0;
    for (size of tasks) {
      if (label < begin + size) break;
      begin += size;
    }
    task.fill(1, i * classes + begin, i * classes + begin + size);
    share.fill(labelSmoothing / size, i * classes + begin, i * classes + begin + size);
    share[i * classes + label] = 1 - labelSmoothing + labelSmoothing / size;
  }
  const shape: [number, number] = [labels.length, classes];
  return { task: tf.tensor2d(task, shape), share: tf.tensor2d(share, shape) };
}

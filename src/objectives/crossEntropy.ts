import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineObjective } from './objective.ts';

/**
 * Cross-entropy of the classification head's softmax with the labels, mean over the batch: −Σ_c t_c · log softmax(logits)_c
 * with t = (1 − ε) · [c is the label] + ε / classes, ε being the label smoothing (Szegedy et al. 2016, arXiv 1512.00567).
 *
 * With class weights w it is Σ_i Σ_c w_c · t_ic · −log softmax(logits_i)_c / Σ_i w of i's label, as torch.nn.CrossEntropyLoss
 * defines it. `balanced` weighs a class by N / (K · n_c), N being the training texts, K the classes among them and n_c the
 * texts of the class, as scikit-learn's compute_class_weight does.
 *
 * With several tasks at once (Caruana 1997) the classes of one follow those of another, and the softmax of an item runs over
 * the classes of its own task.
 */
export const crossEntropy = defineObjective({
  schema: z.strictObject({
    /** ε, 0 to below 1. */
    labelSmoothing: z.number().min(0).lt(1).default(0),
    /** `balanced`: rare classes count for more, so that each class counts alike over the training texts. */
    classWeights: z.enum(['none', 'balanced']).default('none'),
  }),
  needs: ['logits', 'labels'],
  loss({ logits, labels, classes, tasks = [logits.shape[1]] }, { labelSmoothing, classWeights }) {
    return tf.tidy(() => {
      const targets = targetsOf(labels, logits.shape[1], tasks, labelSmoothing);
      const outside = tf.cast(tf.equal(targets.task, 0), 'float32');
      // Far below any score, and finite, so that 0 times its logarithm is 0.
      const own = tf.sub(logits, tf.mul(outside, 1e9));
      const ofClass = tf.mul(targets.share, tf.logSoftmax(own));
      if (classWeights === 'none') return tf.neg(tf.mean(tf.sum(ofClass, 1))) as tf.Scalar;
      if (!classes) throw new RangeError('expected the classes of the training texts');
      const weights = balancedWeights(classes.counts);
      const whole = labels.reduce((sum, label) => sum + (weights[label] as number), 0);
      return tf.div(
        tf.neg(tf.sum(tf.mul(ofClass, tf.tensor1d(weights)))),
        Math.max(whole, Number.EPSILON),
      ) as tf.Scalar;
    });
  },
});

/** A class that no training text has weighs nothing. */
function balancedWeights(counts: Int32Array): Float32Array {
  const texts = counts.reduce((sum, count) => sum + count, 0);
  const present = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  return Float32Array.from(counts, (count) => (count > 0 ? texts / (present * count) : 0));
}

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

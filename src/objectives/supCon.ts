import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineObjective } from './objective.ts';

/** Takes an entry out of a log-sum-exp: its exponential is exactly 0 in float32, its gradient too. */
const excluded = -1e9;

/**
 * The supervised contrastive loss (Khosla et al. 2020, arXiv 2004.11362). For anchor i with projections z, positives
 * P(i) (the other items of its label) and all other items A(i),
 *
 *     q_ip  = exp(z_i·z_p / τ) / Σ_{a∈A(i)} exp(z_i·z_a / τ)
 *     L_out = 1/|P(i)| Σ_{p∈P(i)} −log q_ip              (Eq. 2)
 *     L_in  = −log( 1/|P(i)| Σ_{p∈P(i)} q_ip )           (Eq. 3), never above L_out
 *
 * and the loss is the mean over the anchors that have a positive. Anchors without one (lone anchors) serve the others
 * as negatives, contribute nothing themselves and are counted; a batch of lone anchors has loss 0 and gradient 0.
 */
export const supCon = defineObjective({
  schema: z.strictObject({
    /** τ: smaller values weigh the hardest negatives more. Below the bound float32 no longer tells similarities apart. */
    temperature: z.number().min(1e-4).default(0.1),
    /** Whether the mean over the positives stands `out`side the logarithm (L_out) or `in`side (L_in). */
    denominator: z.enum(['out', 'in']).default('out'),
  }),
  needs: ['projections', 'labels'],

  loss({ projections, labels }, { temperature, denominator }) {
    return tf.tidy(() => {
      const size = labels.length;
      const self = tf.eye(size);
      const label = tf.tensor1d(labels, 'int32');
      const sameLabel = tf.cast(tf.equal(tf.expandDims(label, 1), tf.expandDims(label, 0)), 'float32');
      const positive = tf.sub(sameLabel, self);
      const positives = tf.sum(positive, 1);

      const similarity = tf.div(tf.matMul(projections, projections, false, true), temperature);
      const logits = tf.add(similarity, tf.mul(self, excluded));
      const minusLogQ = tf.sub(tf.logSumExp(logits, 1, true), logits);
      const ofAnchor =
        denominator === 'out'
          ? tf.div(tf.sum(tf.mul(positive, minusLogQ), 1), tf.maximum(positives, 1))
          : tf.sub(
              tf.log(tf.maximum(positives, 1)),
              tf.logSumExp(tf.sub(tf.mul(tf.sub(1, positive), excluded), minusLogQ), 1),
            );

      const usable = tf.cast(tf.greater(positives, 0), 'float32');
      return tf.div(tf.sum(tf.mul(ofAnchor, usable)), tf.maximum(tf.sum(usable), 1)) as tf.Scalar;
    });
  },

  counts(labels) {
    const items = new Map<number, number>();
    for (const label of labels) items.set(label, (items.get(label) ?? 0) + 1);
    const loneAnchors = [...items.values()].filter((count) => count === 1).length;
    const usableAnchors = labels.length - loneAnchors;
    const pairs = [...items.values()].reduce((sum, count) => sum + count * (count - 1), 0);
    return { loneAnchors, usableAnchors, positivesPerAnchor: usableAnchors > 0 ? pairs / usableAnchors : 0 };
  },
});

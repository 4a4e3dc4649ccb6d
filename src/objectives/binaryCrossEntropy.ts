import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { expressed } from '../data/strengths.ts';
import { defineObjective } from './objective.ts';

/**
 * Binary cross-entropy of each class's sigmoid by itself, for texts that may have several classes; mean over the batch and
 * the classes, as torch.nn.BCEWithLogitsLoss:
 *
 *     L = 1/(B·K) Σ_i Σ_c −t_ic log σ(x_ic) − (1 − t_ic) log(1 − σ(x_ic))
 */
export const binaryCrossEntropy = defineObjective({
  schema: z.strictObject({
    /**
     * The least strength at which a class is one of the text's, with target 1, the others having 0; by default .3, as in
     * Emo Pillars (arXiv 2504.16856). null: the strengths themselves are the targets.
     */
    threshold: z.number().gt(0).max(1).nullable().default(expressed),
  }),
  needs: ['logits', 'targets'],
  loss({ logits, targets }, { threshold }) {
    return tf.tidy(() => {
      const wanted = threshold === null ? targets : tf.cast(tf.greaterEqual(targets, threshold), 'float32');
      // Neither form of the logarithm overflows: max(x, 0) − x t + log(1 + exp(−|x|)).
      const each = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, wanted)), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
      return tf.mean(each) as tf.Scalar;
    });
  },
});

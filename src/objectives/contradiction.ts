import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { contradictionsOf, pairsSchema } from '../data/circumplex.ts';
import { defineObjective } from './objective.ts';

/**
 * Penalises confidence in classes that contradict each other (in the manner of CMHL, arXiv 2603.14078, whose exact formula
 * is not public):
 *
 *     L = 1/B Σ_b Σ_{(i,j)∈C} w_ij · p_bi · p_bj
 *
 * with p the head's probabilities. Under a softmax a pair's product is at most .25; sigmoids, which binaryCrossEntropy
 * trains, can be sure of both.
 */
export const contradiction = defineObjective({
  schema: z.strictObject({
    /** C as [class, class] or [class, class, weight]. Default: each pleasant class with each unpleasant one. */
    pairs: pairsSchema.optional(),
  }),
  needs: ['logits'],
  loss({ logits, classes, activation = 'softmax' }, { pairs }) {
    if (!classes) throw new RangeError('expected the classes of the training texts');
    const { names } = classes;
    const weights = new Float32Array(names.length ** 2);
    for (const { first, second, weight } of contradictionsOf(names, pairs)) {
      const at = names.indexOf(first) * names.length + names.indexOf(second);
      weights[at] = (weights[at] ?? 0) + weight;
    }
    return tf.tidy(() => {
      const p = activation === 'softmax' ? tf.softmax(logits) : tf.sigmoid(logits);
      const both = tf.mul(tf.matMul(p, tf.tensor2d(weights, [names.length, names.length])), p);
      return tf.mean(tf.sum(both, 1)) as tf.Scalar;
    });
  },
});

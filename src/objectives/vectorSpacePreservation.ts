import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineObjective } from './objective.ts';

/**
 * Vector space preservation (arXiv 2310.18930, section 4): holds the encoder's embeddings near those of the frozen
 * encoder that it began as,
 *
 *     L = 1/B Σ_i reduce_d (embedding_id − frozen_id)²
 *
 * The frozen embeddings are made with dropout off, so dropout in the trained encoder puts a floor under this loss:
 * measure drift with dropout off, not by the logged term.
 */
export const vectorSpacePreservation = defineObjective({
  schema: z.strictObject({
    /** How the d dimensions are reduced. `sum` is d times `mean`, and so calls for another weight. */
    reduction: z.enum(['mean', 'sum']).default('mean'),
  }),
  needs: ['frozen'],
  isRegression: true,

  loss({ embeddings, frozen }, { reduction }) {
    return tf.tidy(() => {
      const mean = tf.mean(tf.squaredDifference(embeddings, frozen));
      return (reduction === 'mean' ? mean : tf.mul(mean, embeddings.shape[1])) as tf.Scalar;
    });
  },
});

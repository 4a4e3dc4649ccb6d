import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type Affect, placesOf } from '../data/circumplex.ts';
import { defineObjective, type InputsWith } from './objective.ts';

/** Circumplex supervision (in the manner of CMHL, arXiv 2603.14078): the affect head is to find the place of a text's class. */
function supervisionBy(dimension: keyof Affect, column: 0 | 1) {
  const [least, greatest] = dimension === 'valence' ? [-1, 1] : [0, 1];
  return defineObjective({
    schema: z.strictObject({
      /** Places of classes by their names, in addition to those that are known or in place of them. */
      values: z.record(z.string(), z.number().min(least).max(greatest)).default({}),
    }),
    needs: ['affect', 'labels'],
    isRegression: true,
    loss(inputs: InputsWith<'affect' | 'labels'>, { values }) {
      const { affect, labels, classes } = inputs;
      if (!classes) throw new RangeError('expected the classes of the training texts');
      const ofClass = placesOf(classes.names, { [dimension]: values })[dimension];
      return tf.tidy(() => {
        const wanted = tf.tensor1d(Float32Array.from(labels, (label) => ofClass[label] as number));
        const found = tf.squeeze(tf.slice2d(affect, [0, column], [-1, 1]), [1]);
        return tf.mean(tf.squaredDifference(found, wanted)) as tf.Scalar;
      });
    },
  });
}

/** Mean squared error of the valence, −1 to 1. */
export const valence = supervisionBy('valence', 0);

/** Mean squared error of the intensity (arousal), 0 to 1. */
export const intensity = supervisionBy('intensity', 1);

import * as tf from '@tensorflow/tfjs-core';
import { stream } from '../random.ts';
import { createLinearLayer } from './linearLayer.ts';

/** Finds the place of a text on the circumplex of affect. */
export interface AffectHead {
  /** By the names that the parameters would have in a PyTorch module called `affect`. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** [B, inputSize] → [B, 2]: valence by tanh, −1 to 1, and intensity by a sigmoid, 0 to 1. */
  affect(h: tf.Tensor2D): tf.Tensor2D;
}

/** A new head, one affine map below the activations; its start follows from the seed alone. */
export function createAffectHead(inputSize: number, seed: number): AffectHead {
  const { weight, bias, apply } = createLinearLayer(inputSize, 2, stream(seed, 'affect'));
  return {
    variables: new Map<string, tf.Variable>([
      ['affect.weight', weight],
      ['affect.bias', bias],
    ]),
    affect: (h) =>
      tf.tidy(() => {
        const [valence, intensity] = tf.split(apply(h), 2, 1) as [tf.Tensor2D, tf.Tensor2D];
        return tf.concat2d([tf.tanh(valence), tf.sigmoid(intensity)], 1);
      }),
  };
}

import * as tf from '@tensorflow/tfjs-core';
import { uniform } from '../engine/uniform.ts';
import type { EncoderConfig } from './config.ts';

/** The dropout of one forward pass. */
export interface Dropout {
  /** For hidden states: embeddings and the outputs of sublayers. */
  hidden<T extends tf.Tensor>(x: T): T;
  /** For attention probabilities. */
  attention<T extends tf.Tensor>(x: T): T;
}

/** More masks than one pass of any supported encoder draws (three a layer and one for the embeddings). */
const masksPerStep = 1024;

/**
 * Dropout whose masks depend on nothing but `seed`, `step` (an integer from 0 to 2²² − 1) and their order, so that a
 * pass can be repeated exactly: make another one with the same seed and step. What is kept is scaled by 1 / (1 − rate).
 *
 * @param rate of both kinds. Default: the encoder's own rates
 */
export function createDropout(
  seed: number,
  step: number,
  { dropout }: Pick<EncoderConfig, 'dropout'>,
  rate?: number | undefined,
): Dropout {
  let drawn = 0;
  const apply = <T extends tf.Tensor>(x: T, p: number): T => {
    if (p === 0) return x;
    if (drawn === masksPerStep) throw new RangeError(`more than ${masksPerStep} dropout masks in one step`);
    const counter = step * masksPerStep + drawn++;
    return tf.tidy(() => {
      const kept = tf.greaterEqual(uniform(x.shape, { seed, counter }), p);
      return tf.mul(x, tf.mul(tf.cast(kept, 'float32'), 1 / (1 - p)));
    });
  };
  return {
    hidden: (x) => apply(x, rate ?? dropout.hidden),
    attention: (x) => apply(x, rate ?? dropout.attention),
  };
}

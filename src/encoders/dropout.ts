import * as tf from '@tensorflow/tfjs-core';
import { type UniformKey, uniform } from '../engine/uniform.ts';
import type { EncoderConfig } from './config.ts';

/** One mask: what falls below the rate is dropped. */
export interface DropoutMask extends UniformKey {
  /** 0: nothing is dropped. */
  readonly rate: number;
}

/** The masks of one forward pass, a new one with each call. */
export interface Dropout {
  /** For hidden states: embeddings and the outputs of sublayers. */
  hidden(): DropoutMask;
  /** For attention probabilities. */
  attention(): DropoutMask;
}

/** The masks of a classification head's pass, a new one with each call. */
export type HeadDropout = () => DropoutMask;

/** More masks than one pass of any supported encoder draws (three a layer and one for the embeddings), and its head. */
const masksPerStep = 1024;

/** The last of them are a classification head's. */
const masksOfHead = 2;
const masksOfEncoder = masksPerStep - masksOfHead;

/**
 * Dropout whose masks depend on nothing but `seed`, `step` (an integer from 0 to 2²² − 1) and their order, so that a
 * pass can be repeated exactly: make another one with the same seed and step.
 *
 * @param rate of both kinds. Default: the encoder's own rates
 * @returns undefined where nothing is dropped
 */
export function createDropout(
  seed: number,
  step: number,
  { dropout }: { readonly dropout: Pick<EncoderConfig['dropout'], 'hidden' | 'attention'> },
  rate?: number | undefined,
): Dropout | undefined {
  const rates = { hidden: rate ?? dropout.hidden, attention: rate ?? dropout.attention };
  if (rates.hidden === 0 && rates.attention === 0) return undefined;
  let drawn = 0;
  const draw = (p: number): DropoutMask => {
    if (drawn === masksOfEncoder) throw new RangeError(`more than ${masksOfEncoder} dropout masks in one step`);
    return { seed, counter: step * masksPerStep + drawn++, rate: p };
  };
  return {
    hidden: () => draw(rates.hidden),
    attention: () => draw(rates.attention),
  };
}

/**
 * The same for a classification head, whose masks are others than those of the encoder in the same step.
 *
 * @param rate default: the encoder's own
 */
export function createHeadDropout(
  seed: number,
  step: number,
  { dropout }: { readonly dropout: Pick<EncoderConfig['dropout'], 'classifier'> },
  rate: number = dropout.classifier,
): HeadDropout {
  let drawn = 0;
  return () => {
    if (drawn === masksOfHead) throw new RangeError(`more than ${masksOfHead} dropout masks of a head in one step`);
    return { seed, counter: (step + 1) * masksPerStep - ++drawn, rate };
  };
}

/** The mask of a pass without dropout. */
export const keepAll: DropoutMask = { seed: 0, counter: 0, rate: 0 };

/** `x` with the masked elements 0 and the others scaled by 1 / (1 − rate). */
export function drop<T extends tf.Tensor>(x: T, { rate, ...key }: DropoutMask): T {
  if (rate === 0) return x;
  return tf.tidy(() => {
    const kept = tf.greaterEqual(uniform(x.shape, key), rate);
    return tf.mul(x, tf.mul(tf.cast(kept, 'float32'), 1 / (1 - rate)));
  });
}

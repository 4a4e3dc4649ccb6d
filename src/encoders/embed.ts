import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../evaluation/matrix.ts';
import { collate, type TokenBatch } from '../text/batch.ts';
import { lengthBuckets } from '../text/lengthBuckets.ts';
import type { TokenSequences } from '../text/tokenSequences.ts';
import type { Dropout } from './dropout.ts';
import type { Encoder } from './encoder.ts';
import { type Pooling, pool } from './pooling.ts';

/** One vector a text, [batch, hiddenSize]; differentiable by the encoder's variables. */
export function embed(encoder: Encoder, batch: TokenBatch, pooling: Pooling, dropout?: Dropout): tf.Tensor2D {
  return tf.tidy(() => {
    const mask = tf.tensor2d(batch.mask, [batch.size, batch.length]);
    return pool(encoder.hiddenStates(batch, dropout), mask, pooling);
  });
}

export interface EmbedOptions {
  readonly pooling: Pooling;
  /** Texts at a time. Default 64. */
  readonly batchSize?: number;
  /** Called after every batch with the number of texts done and of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The embeddings of all texts in their order, [texts, hiddenSize]; without dropout, in batches of similar length. */
export async function embedTexts(
  encoder: Encoder,
  texts: TokenSequences,
  { pooling, batchSize = 64, onProgress }: EmbedOptions,
): Promise<Matrix> {
  const columns = encoder.config.hiddenSize;
  const data = new Float32Array(texts.size * columns);
  let done = 0;
  for (const indices of lengthBuckets(texts, batchSize)) {
    const vectors = embed(encoder, collate(texts, indices, encoder.tokeniser.padId), pooling);
    const values = await vectors.data();
    vectors.dispose();
    for (const [row, index] of indices.entries()) {
      data.set(values.subarray(row * columns, (row + 1) * columns), index * columns);
    }
    done += indices.length;
    onProgress?.(done, texts.size);
    // Lets messages and signals through between two batches.
    await setImmediate();
  }
  return { data, rows: texts.size, columns };
}

import { setImmediate } from 'node:timers/promises';
import type * as tf from '@tensorflow/tfjs-core';
import type { Matrix } from '../evaluation/matrix.ts';
import { collate, selectTexts, type TokenBatch } from '../text/batch.ts';
import { groupRepeated } from '../text/groupRepeated.ts';
import { lengthBuckets } from '../text/lengthBuckets.ts';
import type { TokenSequences } from '../text/tokenSequences.ts';
import type { Encoder } from './encoder.ts';
import type { Pooling } from './pooling.ts';

export interface EmbedOptions {
  readonly pooling: Pooling;
  /** Tokens at a time, padding included. Default 3072: more are no faster. */
  readonly batchTokens?: number;
  /** Called after every batch with the number of texts done and of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The embeddings of all texts in their order, [texts, hiddenSize]; without dropout, in batches of similar length. What
 * is there several times is computed once.
 */
export async function embedTexts(encoder: Encoder, texts: TokenSequences, options: EmbedOptions): Promise<Matrix> {
  const [embeddings] = await embedEach(encoder, texts, 1, options, (batch) => encoder.embed(batch, options.pooling));
  return embeddings as Matrix;
}

/** The same of the encoder's embeddings and after each layer, `layers + 1` matrices [texts, hiddenSize]. */
export function embedLayers(encoder: Encoder, texts: TokenSequences, options: EmbedOptions): Promise<Matrix[]> {
  const layers = encoder.config.layers + 1;
  return embedEach(encoder, texts, layers, options, (batch) => encoder.embedLayers(batch, options.pooling));
}

/** @param compute [levels, batch, hiddenSize], or [batch, hiddenSize] of one level */
async function embedEach(
  encoder: Encoder,
  texts: TokenSequences,
  levels: number,
  { batchTokens = 3072, onProgress }: EmbedOptions,
  compute: (batch: TokenBatch) => tf.Tensor,
): Promise<Matrix[]> {
  const columns = encoder.config.hiddenSize;
  const matrices = Array.from({ length: levels }, () => new Float32Array(texts.size * columns));
  let done = 0;
  const groups = groupRepeated(texts);
  const distinct = selectTexts(
    texts,
    groups.map(([first]) => first as number),
  );
  for (const indices of lengthBuckets(distinct, batchTokens)) {
    const vectors = compute(collate(distinct, indices, encoder.tokeniser.padId));
    const values = await vectors.data();
    vectors.dispose();
    for (const [row, index] of indices.entries()) {
      const own = groups[index] as number[];
      for (const [level, data] of matrices.entries()) {
        const from = (level * indices.length + row) * columns;
        for (const place of own) data.set(values.subarray(from, from + columns), place * columns);
      }
      done += own.length;
    }
    onProgress?.(done, texts.size);
    // Lets messages and signals through between two batches.
    await setImmediate();
  }
  return matrices.map((data) => ({ data, rows: texts.size, columns }));
}

import { setImmediate } from 'node:timers/promises';
import type { Matrix } from '../evaluation/matrix.ts';
import { collate, selectTexts } from '../text/batch.ts';
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
export async function embedTexts(
  encoder: Encoder,
  texts: TokenSequences,
  { pooling, batchTokens = 3072, onProgress }: EmbedOptions,
): Promise<Matrix> {
  const columns = encoder.config.hiddenSize;
  const data = new Float32Array(texts.size * columns);
  let done = 0;
  const groups = groupRepeated(texts);
  const distinct = selectTexts(
    texts,
    groups.map(([first]) => first as number),
  );
  for (const indices of lengthBuckets(distinct, batchTokens)) {
    const vectors = encoder.embed(collate(distinct, indices, encoder.tokeniser.padId), pooling);
    const values = await vectors.data();
    vectors.dispose();
    for (const [row, index] of indices.entries()) {
      const own = groups[index] as number[];
      for (const place of own) data.set(values.subarray(row * columns, (row + 1) * columns), place * columns);
      done += own.length;
    }
    onProgress?.(done, texts.size);
    // Lets messages and signals through between two batches.
    await setImmediate();
  }
  return { data, rows: texts.size, columns };
}

import { lengthOf, type TokenSequences } from './tokenSequences.ts';

/**
 * Batches of `batchSize` texts of about the same length, so that little is padded: all indices sorted by length, longest
 * first (the batch that needs the most memory comes at once), equal lengths in their given order.
 */
export function lengthBuckets(texts: TokenSequences, batchSize: number): Int32Array[] {
  const order = Int32Array.from({ length: texts.size }, (_, index) => index).sort(
    (a, b) => lengthOf(texts, b) - lengthOf(texts, a) || a - b,
  );
  const batches: Int32Array[] = [];
  for (let start = 0; start < order.length; start += batchSize) batches.push(order.slice(start, start + batchSize));
  return batches;
}

/** The share of padding, on [0, 1), among all positions of the padded `batches`. */
export function paddingShare(texts: TokenSequences, batches: readonly ArrayLike<number>[]): number {
  let tokens = 0;
  let positions = 0;
  for (const batch of batches) {
    const lengths = Array.from(batch, (index) => lengthOf(texts, index));
    tokens += lengths.reduce((sum, length) => sum + length, 0);
    positions += lengths.length * Math.max(0, ...lengths);
  }
  return positions === 0 ? 0 : 1 - tokens / positions;
}

import { lengthOf, type TokenSequences } from './tokenSequences.ts';

/**
 * Batches of texts of about the same length, so that little is padded: all indices sorted by length, longest first,
 * equal lengths in their given order. A batch has as many texts as go into `batchTokens` tokens, padding included, and
 * at least one: so all batches cost about the same time and memory.
 */
export function lengthBuckets(texts: TokenSequences, batchTokens: number): Int32Array[] {
  const order = Int32Array.from({ length: texts.size }, (_, index) => index).sort(
    (a, b) => lengthOf(texts, b) - lengthOf(texts, a) || a - b,
  );
  const batches: Int32Array[] = [];
  for (let start = 0; start < order.length; ) {
    const longest = Math.max(1, lengthOf(texts, order[start] as number));
    const size = Math.max(1, Math.floor(batchTokens / longest));
    batches.push(order.slice(start, start + size));
    start += size;
  }
  return batches;
}

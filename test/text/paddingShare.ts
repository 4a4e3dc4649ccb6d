import { lengthOf, type TokenSequences } from '../../src/text/tokenSequences.ts';

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

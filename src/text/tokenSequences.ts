/** Token ids of many texts, one after the other: those of text i lie in `[offsets[i], offsets[i + 1])`. */
export interface TokenSequences {
  readonly ids: Int32Array;
  /** Token types, one for each id: the number of its segment, from 0. */
  readonly typeIds: Int32Array;
  /** `size + 1` long. */
  readonly offsets: Int32Array;
  /** Number of texts. */
  readonly size: number;
}

/** A string that two texts share only if they have the same tokens of the same types. */
export function tokensKey(ids: Int32Array, typeIds: Int32Array): string {
  // The bytes, far sooner than the numbers. Ids and types are equally many, so that they need no separator.
  return [ids, typeIds]
    .map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString('latin1'))
    .join('');
}

/** Where the tokens of text `index` lie. */
export function rangeOf({ offsets }: TokenSequences, index: number): { start: number; end: number } {
  return { start: offsets[index] ?? 0, end: offsets[index + 1] ?? 0 };
}

/** The number of tokens of text `index`. */
export function lengthOf(texts: TokenSequences, index: number): number {
  const { start, end } = rangeOf(texts, index);
  return end - start;
}

import { lengthOf, rangeOf, type TokenSequences } from './tokenSequences.ts';

/** Some texts padded to the longest of them; all arrays are [size, length], row by row. */
export interface TokenBatch {
  readonly ids: Int32Array;
  readonly typeIds: Int32Array;
  /** 1 at a token, 0 at padding. */
  readonly mask: Float32Array;
  readonly size: number;
  readonly length: number;
  /** Tokens without padding. */
  readonly tokens: number;
}

/** The texts at `indices`, in that order, padded on the right with `padId` and token type 0. */
export function collate(texts: TokenSequences, indices: ArrayLike<number>, padId: number): TokenBatch {
  const rows = Array.from(indices, (index) => rangeOf(texts, index));
  const size = rows.length;
  const length = rows.reduce((longest, { start, end }) => Math.max(longest, end - start), 1);
  const ids = new Int32Array(size * length).fill(padId);
  const typeIds = new Int32Array(size * length);
  const mask = new Float32Array(size * length);
  let tokens = 0;
  for (const [row, { start, end }] of rows.entries()) {
    const offset = row * length;
    ids.set(texts.ids.subarray(start, end), offset);
    typeIds.set(texts.typeIds.subarray(start, end), offset);
    mask.fill(1, offset, offset + end - start);
    tokens += end - start;
  }
  return { ids, typeIds, mask, size, length, tokens };
}

/** Some texts of a batch as a batch of their own, padded no further than the longest of them needs. */
export function rowsOfBatch({ ids, typeIds, mask, length }: TokenBatch, rows: readonly number[]): TokenBatch {
  const lengths = rows.map((row) => mask.subarray(row * length, (row + 1) * length).lastIndexOf(1) + 1);
  const longest = Math.max(1, ...lengths);
  const own = <T extends Int32Array | Float32Array>(all: T, result: T): T => {
    rows.forEach((row, i) => {
      result.set(all.subarray(row * length, row * length + longest), i * longest);
    });
    return result;
  };
  const size = rows.length;
  return {
    ids: own(ids, new Int32Array(size * longest)),
    typeIds: own(typeIds, new Int32Array(size * longest)),
    mask: own(mask, new Float32Array(size * longest)),
    size,
    length: longest,
    tokens: lengths.reduce((sum, one) => sum + one, 0),
  };
}

/** Several lists of texts as one. */
export function joinTexts(lists: readonly TokenSequences[]): TokenSequences {
  const size = lists.reduce((sum, list) => sum + list.size, 0);
  const tokens = lists.reduce((sum, list) => sum + list.ids.length, 0);
  const joined = {
    ids: new Int32Array(tokens),
    typeIds: new Int32Array(tokens),
    offsets: new Int32Array(size + 1),
    size,
  };
  let text = 0;
  for (const { ids, typeIds, offsets, size: count } of lists) {
    const before = joined.offsets[text] as number;
    joined.ids.set(ids, before);
    joined.typeIds.set(typeIds, before);
    for (let i = 1; i <= count; i++) joined.offsets[text + i] = before + (offsets[i] as number);
    text += count;
  }
  return joined;
}

/** The texts at `indices`, in that order, without padding. */
export function selectTexts(texts: TokenSequences, indices: ArrayLike<number>): TokenSequences {
  const size = indices.length;
  const offsets = new Int32Array(size + 1);
  for (let i = 0; i < size; i++) offsets[i + 1] = (offsets[i] ?? 0) + lengthOf(texts, indices[i] ?? 0);
  const ids = new Int32Array(offsets[size] ?? 0);
  const typeIds = new Int32Array(ids.length);
  for (let i = 0; i < size; i++) {
    const { start, end } = rangeOf(texts, indices[i] ?? 0);
    ids.set(texts.ids.subarray(start, end), offsets[i]);
    typeIds.set(texts.typeIds.subarray(start, end), offsets[i]);
  }
  return { ids, typeIds, offsets, size };
}

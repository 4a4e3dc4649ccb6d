import { rangeOf, type TokenSequences } from './tokenSequences.ts';

/**
 * The texts that have the same tokens, as lists of their indices: one list for each distinct text, in the order of
 * their first appearance.
 */
export function groupRepeated(texts: TokenSequences): number[][] {
  const groups = new Map<string, number[]>();
  for (let index = 0; index < texts.size; index++) {
    const { start, end } = rangeOf(texts, index);
    const key = bytesOf(texts.ids.subarray(start, end)) + bytesOf(texts.typeIds.subarray(start, end));
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  }
  return [...groups.values()];
}

/** The bytes as a string, far sooner than the numbers. Ids and types are equally many, so that they need no separator. */
function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

import { rangeOf, type TokenSequences, tokensKey } from './tokenSequences.ts';

/**
 * The texts that have the same tokens, as lists of their indices: one list for each distinct text, in the order of
 * their first appearance.
 */
export function groupRepeated(texts: TokenSequences): number[][] {
  const groups = new Map<string, number[]>();
  for (let index = 0; index < texts.size; index++) {
    const { start, end } = rangeOf(texts, index);
    const key = tokensKey(texts.ids.subarray(start, end), texts.typeIds.subarray(start, end));
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  }
  return [...groups.values()];
}

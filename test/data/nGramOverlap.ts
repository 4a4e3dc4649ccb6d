/** Measures of how much two texts have in common, by shingling (Broder 1997, Compression and Complexity of Sequences). */

/** Words in lower case, without punctuation. */
export function words(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}\p{N}']+/gu) ?? []
  );
}

/** The distinct runs of n words. */
export function wordShingles(text: string, n: number): Set<string> {
  const all = words(text);
  return new Set(all.slice(0, Math.max(0, all.length - n + 1)).map((_, i) => all.slice(i, i + n).join(' ')));
}

/** The distinct runs of n characters of the words, with single spaces between and around them. */
export function characterShingles(text: string, n: number): Set<string> {
  const plain = ` ${words(text).join(' ')} `;
  return new Set(Array.from({ length: Math.max(0, plain.length - n + 1) }, (_, i) => plain.slice(i, i + n)));
}

export interface Overlap {
  readonly first: number;
  readonly second: number;
  readonly value: number;
}

/** Share of the union that both sets hold. */
export const jaccard = (shared: number, a: number, b: number) => shared / (a + b - shared);

/** Share of the smaller set that the other one holds. */
export const containment = (shared: number, a: number, b: number) => shared / Math.min(a, b);

/** Pairs of texts whose overlap is at least the threshold, the greatest first. Pairs without a shared shingle have 0. */
export function overlaps(
  shingles: readonly ReadonlySet<string>[],
  measure: (shared: number, a: number, b: number) => number,
  threshold: number,
): Overlap[] {
  const holders = new Map<string, number[]>();
  for (const [i, set] of shingles.entries()) {
    for (const shingle of set) {
      const known = holders.get(shingle);
      if (known) known.push(i);
      else holders.set(shingle, [i]);
    }
  }
  const found: Overlap[] = [];
  for (const [second, set] of shingles.entries()) {
    const shared = new Map<number, number>();
    for (const shingle of set) {
      for (const first of holders.get(shingle) ?? []) {
        if (first < second) shared.set(first, (shared.get(first) ?? 0) + 1);
      }
    }
    for (const [first, count] of shared) {
      const value = measure(count, shingles[first]?.size ?? 0, set.size);
      if (value >= threshold) found.push({ first, second, value });
    }
  }
  return found.sort((a, b) => b.value - a.value);
}

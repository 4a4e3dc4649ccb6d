/** A data set of the given label counts: the label of each item, in an order that mixes them, and the labels' names. */
export function corpusOf(counts: readonly number[]): { labels: Int32Array; labelNames: string[] } {
  const labels = counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({ label, place: (i + 0.5) / count })),
  );
  labels.sort((a, b) => a.place - b.place);
  return {
    labels: Int32Array.from(labels, ({ label }) => label),
    labelNames: counts.map((_, label) => `label${label}`),
  };
}

/** Items of each of GoEmotions' 28 classes in its training split, single-label items only (36,308). */
export const goEmotions: readonly number[] = [
  2710, 1652, 1025, 1451, 1873, 649, 858, 1389, 389, 709, 1402, 498, 203, 510, 430, 1857, 39, 853, 1427, 85, 861, 51,
  586, 88, 353, 817, 720, 12823,
];

/** How many items of each label a batch holds, labels without items left out. */
export function labelCounts(batch: Int32Array, labels: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const item of batch) {
    const label = labels[item] ?? Number.NaN;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

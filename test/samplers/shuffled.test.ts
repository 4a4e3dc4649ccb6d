import { expect, test } from 'vitest';
import { createSampler, samplerSchema } from '../../samplers/index.ts';
import { corpusOf } from './labelDistributions.ts';

function shuffled(counts: readonly number[], batchSize: number) {
  const { labels, labelNames } = corpusOf(counts);
  return createSampler(samplerSchema.parse({ kind: 'shuffled', batchSize }), labels, 1, labelNames);
}

test.each([
  [[5, 5], 4, [4, 4, 2]],
  [[8], 4, [4, 4]],
  [[3], 16, [3]],
])('%j items in batches of %d: %j', (counts, batchSize, sizes) => {
  const epoch = shuffled(counts, batchSize).epoch(0);
  expect(epoch.map((batch) => batch.length)).toEqual(sizes);
  const items = counts.reduce((sum, count) => sum + count, 0);
  expect(epoch.flatMap((batch) => [...batch]).toSorted((a, b) => a - b)).toEqual([...Array(items).keys()]);
});

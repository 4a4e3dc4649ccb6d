import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sources } from '../../src/data/corpus.ts';
import { leakReport } from '../../src/data/leaks.ts';
import { splitNames } from '../../src/data/source.ts';

const dataFolder = process.env.CONTRAFIT_DATA ?? '';

/** Texts of each split, and of each class over all splits, as the publishers state them or the files hold them. */
const published = {
  emotion: { sizes: [16_000, 2_000, 2_000], classes: 6 },
  sst2: { sizes: [6_920, 872, 1_821], classes: 2 },
  'tweeteval-irony': { sizes: [2_862, 955, 784], classes: 2 },
  emocontext: { sizes: [30_160, 2_755, 5_509], classes: 4 },
  mustard: { sizes: [334, 0, 356], classes: 2 },
  'mustard-fold1': { sizes: [552, 0, 138], classes: 2 },
  'mustard-fold5': { sizes: [552, 0, 138], classes: 2 },
} as const;

describe.each(Object.entries(published))('%s as published', (name, { sizes, classes }) => {
  it.skipIf(!existsSync(join(dataFolder, name.replace(/-fold\d$/, ''))))(
    'has its number of texts and classes',
    async () => {
      const { splits, labelNames } = await sources[name as keyof typeof published].read({ dataFolder });
      expect(splitNames.map((split) => splits[split].length)).toEqual(sizes);
      expect(labelNames).toHaveLength(classes);
      for (const split of splitNames) {
        expect(splits[split].every(({ text }) => text === text.trim() && text !== '')).toBe(true);
        const used = new Set(splits[split].map(({ label }) => label));
        if (splits[split].length > 0) expect([...used].sort()).toEqual([...labelNames].sort());
      }
    },
  );
});

it.skipIf(!existsSync(join(dataFolder, 'emotion')))('emotion repeats and contradicts itself as is known', async () => {
  const { splits } = await sources.emotion.read({ dataFolder });
  const { conflicting, shared } = leakReport(splits);
  expect(conflicting.train).toBe(30);
  expect(shared.find((pair) => pair.of === 'test' && pair.in === 'train')?.texts).toBe(11);
});

it.skipIf(!existsSync(join(dataFolder, 'mustard')))('the folds of mustard test each utterance once', async () => {
  const tests = await Promise.all(
    [1, 2, 3, 4, 5].map(
      async (fold) => (await sources[`mustard-fold${fold}` as 'mustard-fold1'].read({ dataFolder })).splits.test,
    ),
  );
  expect(new Set(tests.flat().map(({ text, context }) => `${context}\n${text}`)).size).toBe(690);
  expect(tests.flat()).toHaveLength(690);
  expect(tests.map((fold) => fold.filter(({ label }) => label === 'sarcastic').length)).toEqual([74, 71, 63, 76, 61]);
});

it.skipIf(!existsSync(join(dataFolder, 'mustard')))('every utterance of mustard has a context', async () => {
  const { splits } = await sources.mustard.read({ dataFolder });
  expect([...splits.train, ...splits.test].every(({ context }) => context !== undefined && context !== '')).toBe(true);
});

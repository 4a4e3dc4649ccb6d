import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCorpus, sources } from '../../src/data/corpus.ts';
import { leakReport } from '../../src/data/leaks.ts';
import { splitNames } from '../../src/data/source.ts';
import { summariseCorpus } from '../../src/data/summary.ts';

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

/** GoEmotions' groups by its authors' published mappings; by sentiment what is in neither list is positive. */
const groups = {
  sentiment: (name: string) => {
    if (name === 'neutral') return name;
    if (/^(confusion|curiosity|realization|surprise)$/.test(name)) return 'ambiguous';
    const negative =
      /^(anger|annoyance|disappointment|disapproval|disgust|embarrassment|fear|grief|nervousness|remorse|sadness)$/;
    return negative.test(name) ? 'negative' : 'positive';
  },
  ekman: (name: string) => {
    if (/^(anger|annoyance|disapproval)$/.test(name)) return 'anger';
    if (/^(fear|nervousness)$/.test(name)) return 'fear';
    if (/^(disappointment|embarrassment|grief|remorse|sadness)$/.test(name)) return 'sadness';
    if (/^(confusion|curiosity|realization|surprise)$/.test(name)) return 'surprise';
    return name === 'disgust' || name === 'neutral' ? name : 'joy';
  },
} as const;

describe.skipIf(!existsSync(join(dataFolder, 'goemotions')))('goemotions with several classes', () => {
  const lines = (file: string) =>
    readFileSync(join(dataFolder, 'goemotions', file), 'utf8')
      .trim()
      .split('\n');

  it.each([
    'sentiment',
    'ekman',
  ] as const)('by %s has all texts, with as many of each group as the files', async (by) => {
    const corpus = await loadCorpus({ source: `goemotions-multi-${by}`, exclude: [] }, { dataFolder });
    const { texts, classes, textsByClasses } = summariseCorpus(corpus);
    expect(texts).toEqual({ train: 43_410, validation: 5_426, test: 5_427 });
    const names = lines('labels.txt');
    const counts: Record<string, number> = {};
    const byNumber: Record<number, number> = {};
    for (const [split, file] of [
      ['train', 'train.tsv'],
      ['validation', 'dev.tsv'],
      ['test', 'test.tsv'],
    ]) {
      for (const line of lines(file as string)) {
        const own = new Set<string>();
        for (const id of line.split('\t')[1]?.split(',') ?? []) own.add(groups[by](names[Number(id)] as string));
        for (const group of own) counts[`${split} ${group}`] = (counts[`${split} ${group}`] ?? 0) + 1;
        byNumber[own.size] = (byNumber[own.size] ?? 0) + 1;
      }
    }
    const found = classes.flatMap(({ label, texts: own }) =>
      splitNames.map((split) => [`${split} ${label}`, own[split]]),
    );
    expect(Object.fromEntries(found)).toEqual(counts);
    expect(Object.fromEntries((textsByClasses ?? []).map((own) => [own.classes, own.texts]))).toEqual(byNumber);
    for (const split of splitNames) {
      const { labels, strengths } = corpus[split];
      expect(labels.every((label, i) => strengths?.[i * corpus.labelNames.length + label] === 1)).toBe(true);
    }
  });
});

it.skipIf(!existsSync(join(dataFolder, 'emotion')))(
  'emotion divided anew is 14,000, 3,000 and 3,000 texts',
  async () => {
    const resplit = { train: 0.7, validation: 0.15, test: 0.15, seed: 0 };
    const corpus = await loadCorpus({ source: 'emotion', exclude: [], resplit }, { dataFolder });
    const { texts, classes, notes } = summariseCorpus(corpus);
    // Repeated texts stay together, so that the parts are a few texts off.
    expect(Math.abs(texts.train - 14_000)).toBeLessThanOrEqual(20);
    expect(Math.abs(texts.validation - 3_000)).toBeLessThanOrEqual(20);
    expect(texts.train + texts.validation + texts.test).toBe(20_000);
    for (const { label, texts: own } of classes) {
      const whole = own.train + own.validation + own.test;
      expect(own.test / whole, label).toBeCloseTo(0.15, 2);
      expect(own.validation / whole, label).toBeCloseTo(0.15, 2);
    }
    expect(notes.filter((note) => note.includes('also in'))).toEqual([]);
  },
);

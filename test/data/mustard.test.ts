import { expect, it } from 'vitest';
import { loadCorpus } from '../../src/data/corpus.ts';
import { mustardSource } from '../../src/data/mustard.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const mustard = mustardSource();
const said = (utterance: string, show: string, sarcasm: unknown) => ({
  utterance,
  speaker: 'A',
  context: ['first', 'second'],
  show,
  sarcasm,
});
const files = (data: unknown) => ({ 'mustard/sarcasm_data.json': JSON.stringify(data) });
const good = {
  a: said('great', 'BBT', true),
  b: said('fine', 'BBT', false),
  c: said('yes', 'GOLDENGIRLS', true),
  d: said('no', 'BBT', false),
  e: said('oh', 'FRIENDS', true),
  f: said('well', 'FRIENDS', false),
};

it('has the series Friends as its test, what was said before as context, and no validation texts', async () => {
  const dataFolder = await temporaryFolder(files(good));
  const corpus = await loadCorpus({ source: 'mustard', exclude: [] }, { dataFolder });
  expect(corpus.train.texts).toEqual(['great', 'fine', 'yes', 'no']);
  expect([...corpus.train.labels]).toEqual([1, 0, 1, 0]);
  expect(corpus.train.contexts).toEqual(Array<string>(4).fill('first second'));
  expect(corpus.train.characters).toEqual(Array<string>(4).fill('A'));
  expect(corpus.validation.texts).toEqual([]);
  expect(corpus.test.texts).toEqual(['oh', 'well']);
});

it('reports what does not fit', async () => {
  const dataFolder = await temporaryFolder(files({ ...good, g: said(' ', 'BBT', true), h: said('x', 'BBT', 'yes') }));
  const problems = await problemsOf(mustard.read({ dataFolder }));
  expect(summaries(problems, `${dataFolder}/mustard`)).toEqual([
    'DATA_BAD_ROW: sarcasm_data.json, g, utterance',
    'DATA_BAD_ROW: sarcasm_data.json, h, sarcasm',
  ]);
  for (const content of ['[1]', '{']) {
    const broken = await temporaryFolder({ 'mustard/sarcasm_data.json': content });
    const found = await problemsOf(mustard.read({ dataFolder: broken }));
    expect(summaries(found, `${broken}/mustard`)).toEqual(['DATA_BAD_JSON: sarcasm_data.json is no JSON object']);
  }
});

const fold = (...test: number[]) => ({ train: [0, 1, 2, 3, 4, 5].filter((place) => !test.includes(place)), test });
const folds = { ids: Object.keys(good), folds: [fold(0, 1), fold(2), fold(3), fold(4), fold(5, 3)] };

it.each([
  [1, ['great', 'fine']],
  [2, ['yes']],
  [5, ['no', 'well']],
])('has fold %i of the five of its authors', async (number, test) => {
  const dataFolder = await temporaryFolder({ ...files(good), 'mustard/folds.json': JSON.stringify(folds) });
  const { name, splits } = await mustardSource(number).read({ dataFolder });
  expect(name).toBe(`mustard-fold${number}`);
  expect(splits.test.map(({ text }) => text)).toEqual(test);
  expect(splits.train).toHaveLength(6 - test.length);
});

it('says what is wrong with the folds', async () => {
  const missing = await temporaryFolder(files(good));
  expect(summaries(await problemsOf(mustardSource(1).read({ dataFolder: missing })), `${missing}/mustard`)).toEqual([
    'DATA_MISSING_FILE: no folds.json',
  ]);
  for (const content of ['{}', JSON.stringify({ ...folds, ids: ['a'] })]) {
    const dataFolder = await temporaryFolder({ ...files(good), 'mustard/folds.json': content });
    const problems = await problemsOf(mustardSource(1).read({ dataFolder }));
    expect(summaries(problems, `${dataFolder}/mustard`)).toEqual(['DATA_BAD_FOLDS: folds.json holds no five folds']);
  }
});

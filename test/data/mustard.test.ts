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

it.each([1, 3, 5])('has fold %i of the five of its authors, whose sizes are equal', async (number) => {
  const many = Object.fromEntries(
    Array.from({ length: 690 }, (_, i) => [`${i}_1`, said(`text ${i}`, 'BBT', i % 2 === 0)]),
  );
  const dataFolder = await temporaryFolder(files(many));
  const { name, splits } = await mustardSource(number).read({ dataFolder });
  expect(name).toBe(`mustard-fold${number}`);
  expect([splits.train.length, splits.test.length]).toEqual([552, 138]);
});

it('has folds of its own utterances only', async () => {
  const dataFolder = await temporaryFolder(files(good));
  expect(summaries(await problemsOf(mustardSource(1).read({ dataFolder })), `${dataFolder}/mustard`)).toEqual([
    'DATA_BAD_FOLDS: sarcasm_data.json with 6 utterances',
  ]);
});

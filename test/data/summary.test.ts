import { expect, it } from 'vitest';
import { loadCorpus } from '../../src/data/corpus.ts';
import { summariseCorpus, tokenLengths } from '../../src/data/summary.ts';
import { miniFolder } from '../../src/encoders/resolveEncoder.ts';
import { loadTokeniser } from '../../src/text/tokeniser.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const files = {
  'train.tsv': 'text\tlabel\nsun\tjoy\nsun sun sun\tjoy\nrain\tsadness\nrain rain\tsadness\n',
  'validation.tsv': 'text\tlabel\na\tjoy\nb\tsadness\n',
  'test.tsv': 'text\tlabel\nc\tjoy\nd\tjoy\n',
};

it('counts the texts of each class and split', async () => {
  const corpus = await loadCorpus({ source: await temporaryFolder(files), exclude: [] }, { dataFolder: '' });
  const { texts, classes, withContext, hash } = summariseCorpus(corpus);
  expect(texts).toEqual({ train: 4, validation: 2, test: 2 });
  expect(classes).toEqual([
    { label: 'joy', texts: { train: 2, validation: 1, test: 2 } },
    { label: 'sadness', texts: { train: 2, validation: 1, test: 0 } },
  ]);
  expect([withContext, hash]).toEqual([false, corpus.hash]);
});

it('knows whether the texts have a context', async () => {
  const corpus = await loadCorpus({ source: 'embedded', exclude: [] }, { dataFolder: '' });
  expect(summariseCorpus(corpus).withContext).toBe(true);
});

it('counts tokens, the special ones included, and what would be cut', async () => {
  const corpus = await loadCorpus({ source: await temporaryFolder(files), exclude: [] }, { dataFolder: '' });
  const tokeniser = await loadTokeniser(miniFolder);
  // Of eight texts one has three words and one two.
  expect(tokenLengths(corpus, tokeniser, 4)).toMatchObject({ median: 3, longest: 5, cut: 1 });
  expect(tokenLengths(corpus, tokeniser, 3).cut).toBe(2);
});

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

it('counts each class of a text with several, and how many it has', async () => {
  const corpus = await loadCorpus({ source: 'embedded-soft', exclude: [] }, { dataFolder: '' });
  const { classes, textsByClasses, labelling } = summariseCorpus(corpus);
  expect(labelling).toBe('soft');
  const naive = { texts: 0, joy: 0 };
  const joy = corpus.labelNames.indexOf('joy');
  for (let i = 0; i < corpus.train.texts.length; i++) {
    const own = corpus.train.strengths?.slice(i * 28, (i + 1) * 28) ?? [];
    naive.joy += Number((own[joy] ?? 0) > 0);
  }
  expect(classes[joy]?.texts.train).toBe(naive.joy);
  expect(textsByClasses?.reduce((sum, { texts }) => sum + texts, 0)).toBe(1680);
  expect(textsByClasses?.map(({ classes: own }) => own)).toEqual([1, 2, 3, 4]);
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
  expect(tokenLengths(corpus, tokeniser, 3).histogram).toEqual([
    { upTo: 4, texts: 7 },
    { upTo: 8, texts: 1 },
  ]);
  const contextual = await loadCorpus({ source: 'embedded+context', exclude: [] }, { dataFolder: '' });
  const plain = await loadCorpus({ source: 'embedded', exclude: [] }, { dataFolder: '' });
  expect(tokenLengths(contextual, tokeniser, 3).median).toBeGreaterThan(tokenLengths(plain, tokeniser, 3).median + 8);
});

import { expect, it } from 'vitest';
import { dataSchema, loadCorpus } from '../../src/data/corpus.ts';
import { targetsOf } from '../../src/data/targets.ts';

const load = (source: string) => loadCorpus(dataSchema.parse({ source }), { dataFolder: '' });

it.each(['embedded', 'embedded-ekman', 'embedded-sentiment'])('of %s are 1 for the class of a text', async (source) => {
  const corpus = await load(source);
  const { data, rows, columns } = targetsOf(corpus);
  const { labels } = corpus.train;
  expect([rows, columns, data.length]).toEqual([
    labels.length,
    corpus.labelNames.length,
    labels.length * corpus.labelNames.length,
  ]);
  for (const [text, label] of labels.entries()) {
    const own = [...data.subarray(text * columns, (text + 1) * columns)];
    expect(own).toEqual(corpus.labelNames.map((_, i) => Number(i === label)));
  }
});

it.each(['embedded-multi', 'embedded-soft-ekman'])('of %s are its strengths', async (source) => {
  const corpus = await load(source);
  const { data, rows, columns } = targetsOf(corpus);
  expect([rows, columns]).toEqual([corpus.train.labels.length, corpus.labelNames.length]);
  expect(data).toEqual(corpus.train.strengths);
  // Some texts have more classes than one, and each has its strongest.
  const texts = Array.from({ length: rows }, (_, text) => [...data.subarray(text * columns, (text + 1) * columns)]);
  expect(texts.some((own) => own.filter((strength) => strength > 0).length > 1)).toBe(true);
  for (const [text, own] of texts.entries()) {
    expect(own[corpus.train.labels[text] as number]).toBe(Math.max(...own));
  }
});

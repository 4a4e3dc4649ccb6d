import { expect, it } from 'vitest';
import { loadCorpus } from '../../src/data/corpus.ts';
import { swmh } from '../../src/data/swmh.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const files = {
  'swmh/train.csv':
    'text,label\r\n"A title, and\na post of two lines",self.depression\r\nb,self.SuicideWatch\r\nc,self.Anxiety\r\nd,self.depression\r\ne,self.Anxiety\r\n',
  'swmh/val.csv': 'text,label\nf,self.bipolar\n" ",self.bipolar\ng,self.offmychest\n',
  'swmh/test.csv': ',text,label\n0,h,depression\n1, i ,suicidewatch\n',
};

it('has posts by forum, in either spelling, and counts those without a text', async () => {
  const dataFolder = await temporaryFolder(files);
  const { train, validation, test, labelNames, notes } = await loadCorpus(
    { source: 'swmh', exclude: [] },
    { dataFolder },
  );
  expect(labelNames).toEqual(['anxiety', 'bipolar', 'depression', 'offmychest', 'suicidewatch']);
  expect(train.texts).toEqual(['A title, and\na post of two lines', 'b', 'c', 'd', 'e']);
  expect([...train.labels]).toEqual([2, 4, 0, 2, 0]);
  expect([validation.texts, [...validation.labels]]).toEqual([
    ['f', 'g'],
    [1, 3],
  ]);
  expect([test.texts, [...test.labels]]).toEqual([
    ['h', 'i'],
    [2, 4],
  ]);
  expect(notes).toEqual([
    'validation: 1 posts left out that have no text',
    'no train text has the label bipolar, offmychest',
  ]);
});

it('names the lines and columns that do not fit', async () => {
  const dataFolder = await temporaryFolder({
    ...files,
    'swmh/train.csv': 'text,label\na,self.depression\nb,self.teenagers\n',
    'swmh/test.csv': 'post,label\na,self.depression\n',
  });
  expect(summaries(await problemsOf(swmh.read({ dataFolder })), `${dataFolder}/swmh`)).toEqual([
    'DATA_BAD_ROW: train.csv:3, label',
    'DATA_MISSING_COLUMN: test.csv has no column "text" but "post", "label"',
  ]);
});

it('says what the files are', async () => {
  const [problem] = await problemsOf(swmh.read({ dataFolder: await temporaryFolder({}) }));
  expect(problem?.expected).toBe(
    'SWMH in it (train.csv with the columns text and label, val.csv with the columns text and label, test.csv with the columns text and label)',
  );
});

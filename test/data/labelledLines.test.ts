import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emotion } from '../../src/data/emotion.ts';
import { labelledLines } from '../../src/data/labelledLines.ts';
import { ProblemList } from '../../src/data/problemList.ts';
import { sst2 } from '../../src/data/sst2.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

it('takes the last separator of a line, with either line ending, and passes over blank lines', async () => {
  const folder = await temporaryFolder({ 'a.txt': 'one; two ;joy\r\n\nthree;fear\n' });
  const problems = new ProblemList();
  expect(await labelledLines(join(folder, 'a.txt'), ';', ['joy', 'fear'], problems)).toEqual([
    { text: 'one; two', label: 'joy' },
    { text: 'three', label: 'fear' },
  ]);
  problems.throwIfAny();
});

it('reports each line that does not fit', async () => {
  const folder = await temporaryFolder({ 'a.txt': 'no separator\n;joy\nx;jay\ny;joy\n' });
  const problems = new ProblemList();
  expect(await labelledLines(join(folder, 'a.txt'), ';', ['joy', 'fear'], problems)).toHaveLength(1);
  const found = await problemsOf(Promise.resolve().then(() => problems.throwIfAny()));
  expect(summaries(found, folder)).toEqual([
    'DATA_BAD_ROW: a.txt:1 has no ";"',
    'DATA_BAD_ROW: a.txt:2 has no text',
    'DATA_UNKNOWN_LABEL: a.txt:3, label "jay"',
  ]);
});

it('reads emotion and sst2 as they are published', async () => {
  const dataFolder = await temporaryFolder({
    'emotion/train.txt': 'i feel fine;joy\n',
    'emotion/val.txt': 'oh;surprise\n',
    'emotion/test.txt': 'no;anger\n',
    'sst2/train.tsv': 'so "good"\t1\n',
    'sst2/dev.tsv': 'dull\t0\n',
    'sst2/test.tsv': 'fun\t1\n',
  });
  expect((await emotion.read({ dataFolder })).splits).toEqual({
    train: [{ text: 'i feel fine', label: 'joy' }],
    validation: [{ text: 'oh', label: 'surprise' }],
    test: [{ text: 'no', label: 'anger' }],
  });
  expect((await sst2.read({ dataFolder })).splits).toEqual({
    train: [{ text: 'so "good"', label: 'positive' }],
    validation: [{ text: 'dull', label: 'negative' }],
    test: [{ text: 'fun', label: 'positive' }],
  });
});

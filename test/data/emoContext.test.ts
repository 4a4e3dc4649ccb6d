import { expect, it } from 'vitest';
import { emoContext } from '../../src/data/emoContext.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const good = {
  'emocontext/train.txt': '0\thi\twho \tme "too" \thappy\n1\ta\tb\tc\uFFFD\tothers\n',
  'emocontext/dev.txt': '0\ta\tb\tno\tsad\n',
  'emocontext/test.txt': '0\ta\tb\tstop\tangry\n',
};

it('has the third turn as text, the first two as context, and counts lost characters', async () => {
  const { splits, notes } = await emoContext.read({ dataFolder: await temporaryFolder(good) });
  expect(splits.train).toEqual([
    { text: 'me "too"', label: 'happy', context: 'hi\nwho' },
    { text: 'c\uFFFD', label: 'others', context: 'a\nb' },
  ]);
  expect([...splits.validation, ...splits.test].map(({ label }) => label)).toEqual(['sad', 'angry']);
  expect(notes).toEqual(['train: 1 texts with characters that were lost (U+FFFD)']);
});

it('reports blank turns, unknown labels and lines of another form', async () => {
  const dataFolder = await temporaryFolder({
    ...good,
    'emocontext/dev.txt': '0\ta\tb\t \tsad\n1\ta\tb\tc\tglad\n2\ta\tb\tsad\n',
  });
  const problems = await problemsOf(emoContext.read({ dataFolder }));
  expect(summaries(problems, `${dataFolder}/emocontext`)).toEqual([
    'DATA_BAD_ROW: dev.txt:3 has 4 fields',
    'DATA_BAD_ROW: dev.txt:1, turn3',
    'DATA_BAD_ROW: dev.txt:2, label',
  ]);
});

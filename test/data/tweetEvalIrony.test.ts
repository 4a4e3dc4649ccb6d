import { expect, it } from 'vitest';
import { tweetEvalIrony } from '../../src/data/tweetEvalIrony.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const good = {
  'tweeteval-irony/train_text.txt': 'so &amp; so \nno ;) \n',
  'tweeteval-irony/train_labels.txt': '1\n0\n',
  'tweeteval-irony/val_text.txt': 'a\n',
  'tweeteval-irony/val_labels.txt': '0\n',
  'tweeteval-irony/test_text.txt': 'b \n',
  'tweeteval-irony/test_labels.txt': '1\n',
};

it('joins texts and labels, without the space at the end; entities stay', async () => {
  const { splits } = await tweetEvalIrony.read({ dataFolder: await temporaryFolder(good) });
  expect(splits).toEqual({
    train: [
      { text: 'so &amp; so', label: 'ironic' },
      { text: 'no ;)', label: 'not ironic' },
    ],
    validation: [{ text: 'a', label: 'not ironic' }],
    test: [{ text: 'b', label: 'ironic' }],
  });
});

it('reports files that do not belong together, blank texts and unknown labels', async () => {
  const dataFolder = await temporaryFolder({
    ...good,
    'tweeteval-irony/train_labels.txt': '1\n0\n1\n',
    'tweeteval-irony/val_text.txt': 'a\n \nc\n',
    'tweeteval-irony/val_labels.txt': '0\n1\nirony\n',
  });
  const problems = await problemsOf(tweetEvalIrony.read({ dataFolder }));
  expect(summaries(problems, `${dataFolder}/tweeteval-irony`)).toEqual([
    'DATA_LINES_DIFFER: train_text.txt has 2 lines, train_labels.txt 3',
    'DATA_BAD_ROW: val_text.txt:2 has no text',
    'DATA_UNKNOWN_LABEL: val_labels.txt:3, label "irony"',
  ]);
});

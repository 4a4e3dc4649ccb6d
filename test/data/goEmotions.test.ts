import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCorpus } from '../../src/data/corpus.ts';
import { emotions } from '../../src/data/emotions.ts';
import { goEmotions, goEmotionsMultiSource, goEmotionsSource, readGoEmotions } from '../../src/data/goEmotions.ts';
import { leakReport } from '../../src/data/leaks.ts';
import { splitNames } from '../../src/data/source.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const small = {
  'goemotions/labels.txt': 'joy\nfear\nneutral',
  'goemotions/train.tsv': '"a\t0\tid1\nb\t0,1\tid2\nc\t2\tid3\nd\t0,1,2\tid4\n',
  'goemotions/dev.tsv': 'e\t1\tid5\n',
  'goemotions/test.tsv': 'f\t0,2\tid6\ng\t2\tid7\n',
};

describe('the published format', () => {
  it('keeps texts with one class and counts the others by their number of classes', async () => {
    const dataFolder = await temporaryFolder(small);
    const { splits, labelNames, notes } = await goEmotions.read({ dataFolder });
    expect(labelNames).toEqual(['joy', 'fear', 'neutral']);
    expect(splits).toEqual({
      train: [
        { text: '"a', label: 'joy' },
        { text: 'c', label: 'neutral' },
      ],
      validation: [{ text: 'e', label: 'fear' }],
      test: [{ text: 'g', label: 'neutral' }],
    });
    expect(notes).toEqual([
      'train: 2 of 4 texts left out for several labels (1 with 2, 1 with 3)',
      'test: 1 of 2 texts left out for several labels (1 with 2)',
    ]);
  });

  it('as multi-label data keeps all texts with all their classes', async () => {
    const dataFolder = await temporaryFolder(small);
    const { splits, labelling, notes } = await goEmotionsMultiSource().read({ dataFolder });
    expect([labelling, notes]).toEqual(['multi', []]);
    expect(splits.train).toEqual([
      { text: '"a', label: 'joy', strengths: { joy: 1 } },
      { text: 'b', label: 'joy', strengths: { joy: 1, fear: 1 } },
      { text: 'c', label: 'neutral', strengths: { neutral: 1 } },
      { text: 'd', label: 'joy', strengths: { joy: 1, fear: 1, neutral: 1 } },
    ]);
    expect([splits.validation.length, splits.test.length]).toEqual([1, 2]);
  });

  it('by groups keeps the texts whose classes are all of one group', async () => {
    const dataFolder = await temporaryFolder({
      'goemotions/labels.txt': 'joy\nlove\nfear\nneutral',
      'goemotions/train.tsv': 'a\t0,1\tid1\nb\t0,2\tid2\nc\t3\tid3\nd\t1\tid4\n',
      'goemotions/dev.tsv': 'e\t2\tid5\n',
      'goemotions/test.tsv': 'f\t0,1,2\tid6\ng\t1,0\tid7\n',
    });
    const { splits, labelNames, notes, name } = await goEmotionsSource('sentiment').read({ dataFolder });
    expect(name).toBe('goemotions-sentiment');
    expect(labelNames).toEqual(['positive', 'negative', 'ambiguous', 'neutral']);
    expect(splits).toEqual({
      train: [
        { text: 'a', label: 'positive' },
        { text: 'c', label: 'neutral' },
        { text: 'd', label: 'positive' },
      ],
      validation: [{ text: 'e', label: 'negative' }],
      test: [{ text: 'g', label: 'positive' }],
    });
    expect(notes).toEqual([
      'train: 1 of 4 texts left out for several labels (1 with 2)',
      'test: 1 of 2 texts left out for several labels (1 with 2)',
    ]);
  });

  it('by groups as multi-label data has the groups of each text, the first of them as its label', async () => {
    const dataFolder = await temporaryFolder({
      'goemotions/labels.txt': 'joy\nlove\nfear\nneutral',
      'goemotions/train.tsv': 'a\t0,1\tid1\nb\t2,0\tid2\nc\t3,2\tid3\n',
      'goemotions/dev.tsv': 'e\t2\tid5\n',
      'goemotions/test.tsv': 'f\t3\tid6\n',
    });
    const { splits, labelNames, labelling, name } = await goEmotionsMultiSource('ekman').read({ dataFolder });
    expect([name, labelling]).toEqual(['goemotions-multi-ekman', 'multi']);
    expect(labelNames).toEqual(['anger', 'disgust', 'fear', 'joy', 'sadness', 'surprise', 'neutral']);
    expect(splits.train).toEqual([
      { text: 'a', label: 'joy', strengths: { joy: 1 } },
      { text: 'b', label: 'fear', strengths: { fear: 1, joy: 1 } },
      { text: 'c', label: 'fear', strengths: { fear: 1, neutral: 1 } },
    ]);
  });

  it('says where to put the files if there are none', async () => {
    const dataFolder = await temporaryFolder({});
    const [problem] = await problemsOf(goEmotions.read({ dataFolder }));
    expect(problem?.code).toBe('DATA_NOT_INSTALLED');
    expect(problem?.given).toContain(join(dataFolder, 'goemotions'));
    expect(problem?.expected).toContain('train.tsv, dev.tsv, test.tsv, labels.txt');
  });

  it('reports a file that is missing and lines that do not fit', async () => {
    const { 'goemotions/dev.tsv': _, ...files } = small;
    const dataFolder = await temporaryFolder({
      ...files,
      'goemotions/train.tsv': 'a\t0\tid\nb\t7\tid\nc\tjoy\tid\nd\t1\n',
    });
    const problems = await problemsOf(goEmotions.read({ dataFolder }));
    expect(summaries(problems, join(dataFolder, 'goemotions'))).toEqual([
      'DATA_BAD_ROW: train.tsv:4 has 2 fields',
      'DATA_BAD_ROW: train.tsv:3, ids',
      'DATA_UNKNOWN_LABEL: train.tsv:2, label id 7',
      'DATA_MISSING_FILE: no dev.tsv',
    ]);
  });

  it('blames a missing labels.txt alone, not every row', async () => {
    const { 'goemotions/labels.txt': _, ...files } = small;
    const dataFolder = await temporaryFolder(files);
    const problems = await problemsOf(goEmotions.read({ dataFolder }));
    expect(summaries(problems, join(dataFolder, 'goemotions'))).toEqual(['DATA_MISSING_FILE: no labels.txt']);
  });
});

const dataFolder = process.env.CONTRAFIT_DATA ?? '';
const folder = join(dataFolder, 'goemotions');

describe.skipIf(!existsSync(folder))('the published data (skipped unless CONTRAFIT_DATA holds goemotions)', () => {
  const countBy = <T>(items: readonly T[], key: (item: T) => string | number) => {
    const counts: Record<string | number, number> = {};
    for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
    return counts;
  };

  it('has the published number of texts, and of labels a text', async () => {
    const { splits, labelNames } = await readGoEmotions({ dataFolder });
    expect(labelNames).toEqual(emotions);
    expect(splitNames.map((split) => splits[split].length)).toEqual([43410, 5426, 5427]);
    expect(countBy(splits.train, ({ labels }) => labels.length)).toEqual({ 1: 36308, 2: 6541, 3: 532, 4: 28, 5: 1 });
    const neutralAndMore = splits.train.filter(({ labels }) => labels.length > 1 && labels.includes('neutral'));
    expect(neutralAndMore).toHaveLength(1396);
  });

  it('loads all texts with all their labels', async () => {
    const corpus = await loadCorpus({ source: 'goemotions-multi', exclude: [] }, { dataFolder });
    expect(splitNames.map((split) => corpus[split].texts.length)).toEqual([43410, 5426, 5427]);
    const strengths = corpus.train.strengths as Float32Array;
    expect(strengths.reduce((sum, value) => sum + value, 0)).toBe(36308 + 2 * 6541 + 3 * 532 + 4 * 28 + 5);
    expect(corpus.notes).toContain('train: repeated texts 183, texts with conflicting labels 58');
  });

  it('repeats, contradicts and leaks as counted independently', async () => {
    const { splits } = await readGoEmotions({ dataFolder });
    const whole = (split: (typeof splitNames)[number]) =>
      splits[split].map(({ text, labels }) => ({ text, label: labels.join() }));
    const report = leakReport({ train: whole('train'), validation: whole('validation'), test: whole('test') });
    expect(report.repeated.train).toBe(183);
    expect(report.conflicting.train).toBe(58);
    expect(report.shared.map(({ texts }) => texts)).toEqual([43, 37, 13]);
  });

  it('loads the single-label part with its notes', async () => {
    const corpus = await loadCorpus({ source: 'goemotions', exclude: [] }, { dataFolder });
    expect(splitNames.map((split) => corpus[split].texts.length)).toEqual([36308, 4548, 4590]);
    const neutral = emotions.indexOf('neutral');
    expect(splitNames.map((split) => corpus[split].labels.filter((label) => label === neutral).length)).toEqual([
      12823, 1592, 1606,
    ]);
    expect(corpus.notes).toEqual([
      'train: 7102 of 43410 texts left out for several labels (6541 with 2, 532 with 3, 28 with 4, 1 with 5)',
      'validation: 878 of 5426 texts left out for several labels (809 with 2, 62 with 3, 7 with 4)',
      'test: 837 of 5427 texts left out for several labels (774 with 2, 61 with 3, 2 with 4)',
      'train: repeated texts 157, texts with conflicting labels 39',
      'validation: repeated texts 3, texts with conflicting labels 1',
      'test: repeated texts 6, texts with conflicting labels 1',
      'validation: texts that are also in train 35',
      'test: texts that are also in train 33',
      'test: texts that are also in validation 13',
    ]);
  });

  it('has 27 classes and 29,425 texts without neutral', async () => {
    const corpus = await loadCorpus({ source: 'goemotions', exclude: ['neutral'] }, { dataFolder });
    expect(corpus.labelNames).toHaveLength(27);
    expect(splitNames.reduce((sum, split) => sum + corpus[split].texts.length, 0)).toBe(29425);
    expect(corpus.notes).toContain('excluded neutral: 12823 train, 1592 validation, 1606 test texts');
  });
});

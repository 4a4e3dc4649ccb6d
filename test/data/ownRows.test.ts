import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { dataSchema, loadCorpus } from '../../src/data/corpus.ts';
import { declarationSchema } from '../../src/data/declaration.ts';
import { folderSource } from '../../src/data/ownData.ts';
import type { SourceContent } from '../../src/data/source.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const places = { dataFolder: '' };
const lines = (...rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

/** What a folder holds whose train and test are this file, and perhaps others. */
async function read(name: string, content: string | Uint8Array, own: object, others: Record<string, string> = {}) {
  const test = name.replace('train', 'test');
  const folder = await temporaryFolder({ [name]: content, [test]: content, ...others });
  return folderSource(folder, declarationSchema.parse(own)).read(places);
}
const train = ({ splits }: SourceContent) => splits.train;

async function problemsIn(content: string, own: object, others: Record<string, string> = {}): Promise<string[]> {
  const folder = await temporaryFolder({ 'train.jsonl': content, 'test.csv': 'text,emotions\nz,joy\n', ...others });
  const problems = await problemsOf(folderSource(folder, declarationSchema.parse(own)).read(places));
  return summaries(problems, folder).filter((problem) => !problem.includes('test.csv'));
}

describe('soft labels', () => {
  const soft = { labelling: 'soft' };

  it('are strengths by class, with the strongest as the label, of equal ones the first of the taxonomy', async () => {
    const content = lines(
      { text: 'a', emotions: { joy: 0.4, fear: 0.8 }, context: 'before', character: 'Ann' },
      { text: 'b', emotions: { joy: 0.5, fear: 0.5 } },
      { text: 'c', emotions: { joy: 1 }, label: 'joy' },
    );
    const alphabetical = await read('train.jsonl', content, soft);
    expect(alphabetical).toMatchObject({ labelling: 'soft', labelNames: ['fear', 'joy'] });
    expect(train(alphabetical)).toEqual([
      { text: 'a', label: 'fear', strengths: { joy: 0.4, fear: 0.8 }, context: 'before', character: 'Ann' },
      { text: 'b', label: 'fear', strengths: { joy: 0.5, fear: 0.5 } },
      { text: 'c', label: 'joy', strengths: { joy: 1 } },
    ]);
    const ordered = await read('train.jsonl', content, soft, { 'labels.txt': 'joy\nanger\nfear\n' });
    expect(ordered.labelNames).toEqual(['joy', 'anger', 'fear']);
    expect(train(ordered).map(({ label }) => label)).toEqual(['fear', 'joy', 'joy']);
  });

  it('of 0 are of classes that a text has not, and all of 0 are of none', async () => {
    const content = lines(
      { text: 'a', emotions: { joy: 0.5, fear: 0, anger: null } },
      { text: 'b', emotions: { joy: 0, fear: 1 } },
    );
    const own = await read('train.jsonl', content, soft);
    expect(own.labelNames).toEqual(['fear', 'joy']);
    expect(train(own).map(({ strengths }) => strengths)).toEqual([{ joy: 0.5 }, { fear: 1 }]);
    const nothing = lines({ text: 'a', emotions: { joy: 0, fear: 0 } }, { text: 'b', emotions: { joy: 1, fear: 1 } });
    expect(await problemsIn(nothing, soft)).toEqual(['DATA_BAD_ROW: train.jsonl:1, emotions']);
  });

  it('may have a label that chooses among equally strong classes', async () => {
    const content = lines({ text: 'a', emotions: { joy: 0.5, fear: 0.5 }, label: 'joy' });
    expect(train(await read('train.jsonl', content, soft))[0]?.label).toBe('joy');
  });

  it('are objects in Parquet, of which what is null is not there', async () => {
    const file = await readFile(new URL('golden/parquet/strengths.parquet', import.meta.url));
    const content = await read('train.parquet', file, soft);
    expect(train(content)).toEqual([
      { text: 'one', label: 'joy', strengths: { joy: 0.5, fear: 0.25 }, character: 'Ann' },
      { text: 'two', label: 'neutral', strengths: { neutral: 1 }, character: 'Bo' },
      { text: 'three', label: 'fear', strengths: { joy: 0.5, fear: 0.5 }, character: 'Ann' },
    ]);
  });

  it('are JSON in tables, where an empty label is none', async () => {
    const content = await read('train.csv', 'text,label,emotions\na,,"{""joy"": 0.5, ""fear"": 0.25}"\n', soft);
    expect(train(content)).toEqual([{ text: 'a', label: 'joy', strengths: { joy: 0.5, fear: 0.25 } }]);
    const tsv = await read('train.tsv', 'text\temotions\na\t{"joy": 0.5}\n', soft);
    expect(train(tsv)).toEqual([{ text: 'a', label: 'joy', strengths: { joy: 0.5 } }]);
  });

  it('are named by a declaration; of classes of one name the strongest counts', async () => {
    const own = { ...soft, columns: { strengths: 'scores' }, labels: { 0: 'low', 1: 'low', 2: 'high' } };
    const content = await read('train.jsonl', lines({ text: 'a', scores: { 0: 0.2, 1: 0.6, 2: 0.3 } }), own);
    expect(content.labelNames).toEqual(['low', 'high']);
    expect(train(content)).toEqual([{ text: 'a', label: 'low', strengths: { low: 0.6, high: 0.3 } }]);
  });

  it('that do not fit are named all at once, with file and line', async () => {
    const content = lines(
      { text: 'a', emotions: { joy: 1.2, fear: 0.5 } },
      { text: 'b', emotions: { joy: -0.1 } },
      { text: 'c', emotions: {} },
      { text: 'd', emotions: ['joy'] },
      { text: 'e' },
      { text: ' ', emotions: { joy: 'much' } },
      { text: 'g', emotions: { joy: 0.4, fear: 0.5 }, label: 'joy' },
      { text: 'h', emotions: '{"joy": ' },
    );
    expect(await problemsIn(content, soft)).toEqual([
      'DATA_BAD_ROW: train.jsonl:1, emotions.joy',
      'DATA_BAD_ROW: train.jsonl:2, emotions.joy',
      'DATA_BAD_ROW: train.jsonl:3, emotions',
      'DATA_BAD_ROW: train.jsonl:4, emotions',
      'DATA_BAD_ROW: train.jsonl:5, emotions',
      'DATA_BAD_ROW: train.jsonl:6, text',
      'DATA_BAD_ROW: train.jsonl:6, emotions.joy',
      'DATA_BAD_ROW: train.jsonl:8, emotions',
      'DATA_LABEL_NOT_STRONGEST: train.jsonl:7, label "joy" (0.4) beside fear 0.5',
    ]);
  });

  it('are of classes of the taxonomy', async () => {
    const content = lines({ text: 'a', emotions: { joy: 1, feer: 0.5, bliss: 0.1 } });
    const folder = await temporaryFolder({ 'train.jsonl': content, 'test.jsonl': content, 'labels.txt': 'joy\nfear' });
    const problems = await problemsOf(folderSource(folder, declarationSchema.parse(soft)).read(places));
    expect(summaries(problems.slice(0, 2), folder)).toEqual([
      'DATA_UNKNOWN_LABEL: train.jsonl:1, label "feer"',
      'DATA_UNKNOWN_LABEL: train.jsonl:1, label "bliss"',
    ]);
    expect(problems[0]?.remedy).toContain('Did you mean "fear"?');
  });

  it('say what is expected', async () => {
    const content = lines({ text: 'a', emotions: { joy: 2 } }, { text: 'b', emotions: {} }, { text: 'c' });
    const folder = await temporaryFolder({ 'train.jsonl': content, 'test.jsonl': content });
    const problems = await problemsOf(folderSource(folder, declarationSchema.parse(soft)).read(places));
    expect(problems.slice(0, 3).map(({ expected }) => expected)).toEqual([
      'a strength from 0 to 1',
      'at least one class',
      'an object of strengths by class',
    ]);
  });
});

describe('multiple labels', () => {
  it('are the classes that reach the threshold, and the strongest', async () => {
    const content = lines(
      { text: 'a', emotions: { joy: 0.3, fear: 0.8, anger: 0.29 } },
      { text: 'b', emotions: { joy: 0.1, fear: 0.2 } },
    );
    const own = await read('train.jsonl', content, { labelling: 'multi' });
    // Nothing is angry enough.
    expect(own).toMatchObject({ labelling: 'multi', labelNames: ['fear', 'joy'] });
    expect(train(own)).toEqual([
      { text: 'a', label: 'fear', strengths: { joy: 1, fear: 1 } },
      { text: 'b', label: 'fear', strengths: { fear: 1 } },
    ]);
    const strict = await read('train.jsonl', content, { labelling: 'multi', threshold: 0.9 });
    expect(train(strict).map(({ strengths }) => strengths)).toEqual([{ fear: 1 }, { fear: 1 }]);
  });

  it.each([
    ['a list', 'train.jsonl', lines({ text: 'a', emotions: ['joy', 'fear'] }, { text: 'b', emotions: [' joy '] }), {}],
    ['names with commas between', 'train.csv', 'text,emotions\na,"joy, fear"\nb,joy\n', {}],
    ['names with another separator', 'train.tsv', 'text\temotions\na\tjoy | fear|\nb\tjoy\n', { separator: '|' }],
  ])('are %s', async (_, name, content, more) => {
    const own = await read(name, content, { labelling: 'multi', ...more });
    expect(train(own)).toEqual([
      { text: 'a', label: 'fear', strengths: { joy: 1, fear: 1 } },
      { text: 'b', label: 'joy', strengths: { joy: 1 } },
    ]);
  });

  it('are numbers with names, as Hugging Face’s datasets keep them', async () => {
    const file = await readFile(new URL('golden/parquet/several.parquet', import.meta.url));
    const own = { labelling: 'multi', columns: { strengths: 'labels' } };
    const content = await read('train.parquet', file, own);
    expect(train(content).map(({ strengths }) => Object.keys(strengths ?? {}).sort())).toEqual([
      ['joy'],
      ['fear', 'neutral'],
      ['fear', 'joy'],
    ]);
    const named = { labelling: 'multi', labels: { 0: 'bad', 1: 'good' } };
    const numbered = await read('train.jsonl', lines({ text: 'a', emotions: [0, 1] }), named);
    expect(train(numbered)).toEqual([{ text: 'a', label: 'bad', strengths: { bad: 1, good: 1 } }]);
  });

  it('that do not fit are named', async () => {
    const content = lines(
      { text: 'a', emotions: [] },
      { text: 'b', emotions: ' , ' },
      { text: 'c', emotions: [{ joy: 1 }] },
      { text: 'd', emotions: ['joy'], label: 'fear' },
      { text: 'e', emotions: 1 },
    );
    expect(await problemsIn(content, { labelling: 'multi' })).toEqual([
      'DATA_BAD_ROW: train.jsonl:1, emotions',
      'DATA_BAD_ROW: train.jsonl:2, emotions',
      'DATA_BAD_ROW: train.jsonl:3, emotions',
      'DATA_BAD_ROW: train.jsonl:5, emotions',
      'DATA_LABEL_NOT_STRONGEST: train.jsonl:4, label "fear" (not among its classes) beside joy 1',
    ]);
  });

  it('need their column, and no other than the text', async () => {
    expect(await problemsIn('{"label": "joy"}', { labelling: 'multi' }, { 'test.csv': 'text,label\na,joy\n' })).toEqual(
      ['DATA_BAD_ROW: train.jsonl:1, text', 'DATA_BAD_ROW: train.jsonl:1, emotions'],
    );
  });
});

describe('columns', () => {
  it('of strengths are passed over where a text has one class', async () => {
    const content = await read('train.jsonl', lines({ text: 'a', label: 'joy', emotions: 7 }), {});
    expect([content.labelling, train(content)]).toEqual(['single', [{ text: 'a', label: 'joy' }]]);
    expect(declarationSchema.safeParse({ columns: { label: 'emotions' } }).success).toBe(true);
  });

  it('that are read have different names', () => {
    const columns = { label: 'emotions' };
    expect(declarationSchema.safeParse({ labelling: 'soft', columns }).success).toBe(false);
    expect(declarationSchema.safeParse({ columns: { character: 'context' } }).success).toBe(false);
  });

  it('of characters may have another name', async () => {
    const row = (text: string, label: string) => ({ text, label, who: `${text}!` });
    const content = lines(row('a', 'x'), row('b', 'x'), row('c', 'y'), row('d', 'y'));
    const source = await temporaryFolder({ 'train.jsonl': content, 'test.jsonl': content });
    const own = { columns: { character: 'who' } };
    const corpus = await loadCorpus(dataSchema.parse({ source, own }), places);
    expect(corpus.train.characters).toEqual(['a!', 'b!', 'c!', 'd!']);
  });
});

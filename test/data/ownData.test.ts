import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { declarationSchema } from '../../src/data/declaration.ts';
import { fileSource, folderSource } from '../../src/data/ownData.ts';
import { splitNames } from '../../src/data/source.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const places = { dataFolder: '' };
const csv = (...rows: string[]) => ['text,label', ...rows].join('\n');
const good = csv('a,joy', 'b,joy', 'c,fear', 'd,fear');
const defaults = declarationSchema.parse({});
const read = (folder: string, declaration = defaults) => folderSource(folder, declaration).read(places);

async function problemsIn(files: Record<string, string | Uint8Array>): Promise<string[]> {
  const folder = await temporaryFolder(files);
  return summaries(await problemsOf(read(folder)), folder);
}

describe('reads', () => {
  it('a format a split, further fields ignored, contexts kept', async () => {
    const folder = await temporaryFolder({
      'train.jsonl': '{"text": "a", "label": "joy", "context": "before", "id": 7}\n{"text": "b", "label": 1}\n',
      'validation.csv': 'id,label,text\n1,joy,"c, d"\n',
      'test.tsv': 'text\tlabel\n"e\t fear \n',
      'notes.md': 'not data',
    });
    const { labelNames, splits, licence, provenance } = await read(`${folder}/`);
    expect(splits).toEqual({
      train: [
        { text: 'a', label: 'joy', context: 'before' },
        { text: 'b', label: '1' },
      ],
      validation: [{ text: 'c, d', label: 'joy' }],
      test: [{ text: '"e', label: 'fear' }],
    });
    expect(labelNames).toEqual(['1', 'fear', 'joy']);
    expect({ licence, provenance }).toEqual({ licence: 'not stated', provenance: folder });
  });

  it('a folder without validation texts, which are then not to be had', async () => {
    const folder = await temporaryFolder({ 'train.csv': good, 'test.csv': good });
    const { splits, withoutValidation } = await read(folder);
    expect([splits.validation, withoutValidation]).toEqual([[], true]);
    expect(splits.train.length).toBeGreaterThan(0);
  });

  it('the classes in the order of labels.txt, unused ones too', async () => {
    const files = { 'train.csv': good, 'validation.csv': good, 'test.csv': good };
    const folder = await temporaryFolder({ ...files, 'labels.txt': 'joy\nanger\nfear\n' });
    expect((await read(folder)).labelNames).toEqual(['joy', 'anger', 'fear']);
  });
});

describe('reports', () => {
  it('missing files and files that are there twice, all at once', async () => {
    expect(await problemsIn({ 'train.csv': good, 'train.tsv': good, 'dev.csv': good })).toEqual([
      'DATA_AMBIGUOUS_FILE: train.csv and train.tsv in .',
      'DATA_MISSING_FILE: no validation file in .',
      'DATA_MISSING_FILE: no test file in .',
    ]);
  });

  it('every problem of every file at once, with file and line', async () => {
    expect(
      await problemsIn({
        'train.jsonl': '{"text": "a", "label": "joy"}\n{"text": " ", "label": "joy"}\n{"text": "b"}\n{"te',
        'validation.csv': '',
        'test.tsv': Buffer.from('text\tlabel\ncaf\xe9\tjoy\n', 'latin1'),
      }),
    ).toEqual([
      expect.stringMatching(/^DATA_BAD_JSON: train.jsonl:4 does not parse/),
      'DATA_BAD_ROW: train.jsonl:2, text',
      'DATA_BAD_ROW: train.jsonl:3, label',
      'DATA_EMPTY_FILE: validation.csv is empty',
      'DATA_NOT_UTF8: test.tsv:2 has bytes that are not UTF-8',
    ]);
  });

  it('labels that labels.txt lacks, with the nearest that it has', async () => {
    const folder = await temporaryFolder({
      'labels.txt': 'joy\nfear\n',
      'train.csv': csv('a,joy', 'b,feer'),
      'validation.csv': good,
      'test.csv': good,
    });
    const problems = await problemsOf(read(folder));
    expect(summaries(problems, folder)).toEqual(['DATA_UNKNOWN_LABEL: train.csv:3, label "feer"']);
    expect(problems[0]?.expected).toBe('one of joy, fear');
    expect(problems[0]?.remedy).toContain('Did you mean "fear"?');
  });

  it('the first ten of many problems, and how many more there are', async () => {
    const broken = Array.from({ length: 40 }, () => '{').join('\n');
    const problems = await problemsIn({ 'train.jsonl': broken, 'validation.csv': good, 'test.csv': good });
    expect(problems).toHaveLength(11);
    expect(problems[10]).toBe('DATA_MORE_PROBLEMS: 30 more (DATA_BAD_JSON 30)');
  });
});

describe('a declaration', () => {
  const declared = declarationSchema.parse({
    columns: { text: 'review', label: 'stars', context: 'title' },
    labels: { 1: 'bad', 5: 'good' },
  });

  it('names columns and classes', async () => {
    const rows = 'stars,title,review\n5,On time,fine\n1,,awful\n';
    const folder = await temporaryFolder({ 'train.csv': rows, 'validation.csv': rows, 'test.csv': rows });
    const { splits, labelNames } = await read(folder, declared);
    expect(labelNames).toEqual(['bad', 'good']);
    expect(splits.test).toEqual([
      { text: 'fine', label: 'good', context: 'On time' },
      { text: 'awful', label: 'bad', context: '' },
    ]);
  });

  it('refuses values that it does not name, and columns that are not there', async () => {
    const files = { 'validation.csv': 'review,stars\na,3\n', 'test.jsonl': '{"review": "b", "stars": 5}' };
    const folder = await temporaryFolder({ ...files, 'train.csv': 'text,stars\na,1\n' });
    expect(summaries(await problemsOf(read(folder, declared)), folder)).toEqual([
      'DATA_MISSING_COLUMN: train.csv has no column "review" but "text", "stars"',
      'DATA_UNKNOWN_LABEL: validation.csv:2, label "3"',
    ]);
  });

  it('reads the shards of a Hugging Face dataset in order', async () => {
    const parquet = await readFile(new URL('golden/parquet/huggingface.parquet', import.meta.url));
    const folder = await temporaryFolder({
      'README.md': 'a dataset',
      'data/train-00001-of-00002.parquet': parquet,
      'data/train-00000-of-00002.parquet': parquet,
      'data/validation-00000-of-00001.parquet': parquet,
      'data/test-00000-of-00001.parquet': parquet,
    });
    const { splits, labelNames } = await read(folder);
    expect(labelNames).toEqual(['negative', 'positive']);
    expect(splits.train).toHaveLength(6);
    expect(splits.test[1]).toEqual({ text: 'awful', label: 'negative' });
  });
});

describe('a single file', () => {
  const lines = Array.from(
    { length: 200 },
    (_, i) => `${JSON.stringify({ text: `t${i % 190}`, label: i % 10 ? 'a' : 'b' })}`,
  );
  const divided = async (split: object = {}) => {
    const folder = await temporaryFolder({ 'all.jsonl': lines.join('\n') });
    return fileSource(`${folder}/all.jsonl`, declarationSchema.parse({ split })).read(places);
  };

  it('is divided by the shares of each class, equal texts together', async () => {
    const { splits, name } = await divided();
    expect(name).toBe('all');
    const texts = splitNames.map((split) => new Set(splits[split].map(({ text }) => text)));
    expect(texts.reduce((sum, own) => sum + own.size, 0)).toBe(190);
    expect(splitNames.reduce((sum, split) => sum + splits[split].length, 0)).toBe(200);
    // 19 texts have class b, 171 class a; a repeated one counts once.
    const ofB = splitNames.map(
      (split) => new Set(splits[split].filter(({ label }) => label === 'b').map(({ text }) => text)).size,
    );
    expect(ofB).toEqual([15, 2, 2]);
    expect(texts.map((own) => own.size)).toEqual([152, 19, 19]);
  });

  it('is divided alike each time, and otherwise with another seed', async () => {
    expect(await divided().then(({ splits }) => splits)).toEqual(await divided().then(({ splits }) => splits));
    expect((await divided({ seed: 1 })).splits.test).not.toEqual((await divided()).splits.test);
  });

  it('can leave a part empty, but not divide more or less than all', async () => {
    const halves = await divided({ train: 0.5, validation: 0, test: 0.5 });
    expect([halves.splits.validation, halves.withoutValidation]).toEqual([[], true]);
    expect((await divided()).withoutValidation).toBe(false);
    expect(declarationSchema.safeParse({ split: { train: 0.9 } }).success).toBe(false);
  });
});

it('small classes make up for one another, so that every part has its share', async () => {
  const rows = Array.from({ length: 28 * 5 }, (_, i) => `text ${i},class ${i % 28}`);
  const folder = await temporaryFolder({ 'my.small.CSV': ['text,label', ...rows].join('\n') });
  const { splits, name } = await fileSource(`${folder}/my.small.CSV`, defaults).read(places);
  expect(name).toBe('my.small');
  expect(splitNames.map((split) => splits[split].length)).toEqual([112, 14, 14]);
});

it('a missing shard is missing data', async () => {
  const folder = await temporaryFolder({
    'train-00000-of-00002-a09b74b3ef9c3b56.parquet': '',
    'validation.csv': good,
    'test.csv': good,
  });
  expect(summaries(await problemsOf(read(folder)), folder)).toEqual([
    'DATA_MISSING_FILE: 1 of 2 files train-*.parquet in .',
  ]);
});

it('columns have different names', () => {
  expect(declarationSchema.safeParse({ columns: { text: 'context' } }).success).toBe(false);
});

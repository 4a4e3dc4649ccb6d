import { describe, expect, it } from 'vitest';
import { folderSource } from '../../src/data/folder.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const places = { dataFolder: '' };
const csv = (...rows: string[]) => ['text,label', ...rows].join('\n');
const good = csv('a,joy', 'b,joy', 'c,fear', 'd,fear');
const read = (folder: string) => folderSource(folder).read(places);

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

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProblemList } from '../../src/data/problemList.ts';
import { checkRows, type Row, readHeaderlessTsv, readJsonLines, readTable } from '../../src/data/rows.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

type Read = (file: string, problems: ProblemList) => Promise<Row[]>;

const jsonLines: Read = readJsonLines;
const csv: Read = (file, problems) => readTable(file, 'csv', ['text', 'label'], problems);
const tsv: Read = (file, problems) => readTable(file, 'tsv', ['text', 'label'], problems);
const headerless: Read = (file, problems) => readHeaderlessTsv(file, ['text', 'ids'], problems);

async function rowsOf(read: Read, content: string): Promise<Row[]> {
  const folder = await temporaryFolder({ file: content });
  const problems = new ProblemList();
  const rows = await read(join(folder, 'file'), problems);
  problems.throwIfAny();
  return rows.map(({ at, values }) => ({ at: at.replace(`${folder}/`, ''), values }));
}

async function summariesOf(read: Read, content: string): Promise<string[]> {
  const folder = await temporaryFolder({ file: content });
  const problems = new ProblemList();
  const work = read(join(folder, 'file'), problems).then(() => problems.throwIfAny());
  return summaries(await problemsOf(work), folder);
}

describe('JSON Lines', () => {
  it('gives each object with its line; blank lines count but are skipped', async () => {
    expect(await rowsOf(jsonLines, '{"a": 1}\r\n\n{"a": "\u2028"}\n')).toEqual([
      { at: 'file:1', values: { a: 1 } },
      { at: 'file:3', values: { a: '\u2028' } },
    ]);
  });

  it('reports every line that is not an object', async () => {
    const problems = await summariesOf(jsonLines, '{"a": 1}\n{"a": \n[1]\nnull\n{"b": 2}');
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/^DATA_BAD_JSON: file:2 does not parse \(.+\)$/);
    expect(problems.slice(1)).toEqual([
      'DATA_BAD_JSON: file:3 is not an object',
      'DATA_BAD_JSON: file:4 is not an object',
    ]);
  });
});

describe('CSV', () => {
  it('keeps quoted commas, quotation marks and line breaks, and the line at which a record begins', async () => {
    const content = 'label,text\njoy,"a, ""b""\nc"\n\nfear,d\n';
    expect(await rowsOf(csv, content)).toEqual([
      { at: 'file:2', values: { label: 'joy', text: 'a, "b"\nc' } },
      { at: 'file:5', values: { label: 'fear', text: 'd' } },
    ]);
    expect(await rowsOf(csv, content.replaceAll('\n', '\r\n'))).toMatchObject([{ at: 'file:2' }, { at: 'file:5' }]);
  });

  it('reports a quotation mark that is never closed, at its line', async () => {
    const [problem] = await summariesOf(csv, 'text,label\na,joy\n"b,fear\nc,joy');
    expect(problem).toMatch(/^DATA_BAD_CSV: file:3 does not parse \(.+\)$/);
  });

  it('reports rows with too few or too many fields', async () => {
    expect(await summariesOf(csv, 'text,label\na\nb,joy\nc,joy,x')).toEqual([
      'DATA_BAD_ROW: file:2 has 1 fields',
      'DATA_BAD_ROW: file:4 has 3 fields',
    ]);
  });

  it('reports missing columns with the present ones', async () => {
    expect(await summariesOf(csv, 'Text,emotion\na,joy')).toEqual([
      'DATA_MISSING_COLUMN: file has no column "text" but "Text", "emotion"',
      'DATA_MISSING_COLUMN: file has no column "label" but "Text", "emotion"',
    ]);
  });

  it('reports a file that has a header only', async () => {
    expect(await summariesOf(csv, 'text,label\n')).toEqual(['DATA_EMPTY_FILE: file has a header only']);
  });
});

describe('TSV', () => {
  it('takes quotation marks literally', async () => {
    expect(await rowsOf(tsv, 'text\tlabel\n"open\tjoy\nsaid "b"\tfear\n')).toEqual([
      { at: 'file:2', values: { text: '"open', label: 'joy' } },
      { at: 'file:3', values: { text: 'said "b"', label: 'fear' } },
    ]);
  });

  it('has no header where the columns are known', async () => {
    expect(await rowsOf(headerless, '"a\t1\r\n\r\nb\t2,3\r\n')).toEqual([
      { at: 'file:1', values: { text: '"a', ids: '1' } },
      { at: 'file:3', values: { text: 'b', ids: '2,3' } },
    ]);
  });
});

describe('checkRows', () => {
  const schema = z.object({ text: z.string(), size: z.int() });

  it('keeps what fits and reports every misfit of the rest', async () => {
    const problems = new ProblemList();
    const checked = checkRows(
      [
        { at: 'file:1', values: { text: 'a', size: 1, further: true } },
        { at: 'file:2', values: { text: 2, size: 'b' } },
        { at: 'file:3', values: { size: 3 } },
      ],
      schema,
      problems,
    );
    expect(checked).toEqual([{ at: 'file:1', values: { text: 'a', size: 1 } }]);
    const reported = await problemsOf((async () => problems.throwIfAny())());
    expect(reported.map(({ code, given, expected }) => `${code} ${given}: ${expected}`)).toEqual([
      'DATA_BAD_ROW file:2, text: string, received number',
      'DATA_BAD_ROW file:2, size: number, received string',
      'DATA_BAD_ROW file:3, text: string, received undefined',
    ]);
  });
});

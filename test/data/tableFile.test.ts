import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ProblemList } from '../../src/data/problemList.ts';
import { isTable, readTableFile } from '../../src/data/tableFile.ts';
import { temporaryFolder } from './temporaryFolder.ts';

it.each([
  ['a.jsonl', true],
  ['a.CSV', true],
  ['folder/a.tsv', true],
  ['a.parquet', true],
  ['a.json', false],
  ['csv', false],
  ['a.csv/', true],
])('%s: %s', (path, expected) => {
  expect(isTable(path)).toBe(expected);
});

it.each([
  ['a.jsonl', '{"text": "a, b"}'],
  ['a.csv', 'text\n"a, b"\n'],
  ['a.TSV', 'text\na, b\n'],
])('%s is read by its ending', async (name, content) => {
  const folder = await temporaryFolder({ [name]: content });
  const problems = new ProblemList();
  const rows = await readTableFile(join(folder, name), { required: ['text'], wanted: ['text'] }, problems);
  expect(rows.map(({ values }) => values)).toEqual([{ text: 'a, b' }]);
  problems.throwIfAny();
});

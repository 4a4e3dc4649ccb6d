import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemList } from '../../src/data/problemList.ts';
import { readTextFile } from '../../src/data/textFile.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

async function read(folder: string, name: string): Promise<string> {
  const problems = new ProblemList();
  const text = await readTextFile(join(folder, name), problems);
  problems.throwIfAny();
  return text;
}

it('reads UTF-8, without a byte order mark', async () => {
  const folder = await temporaryFolder({ plain: 'naïve 😀\n', marked: '\uFEFFnaïve' });
  expect(await read(folder, 'plain')).toBe('naïve 😀\n');
  expect(await read(folder, 'marked')).toBe('naïve');
});

describe('reports', () => {
  const cases: [string, Record<string, string | Uint8Array>, string[]][] = [
    ['a missing file', {}, ['DATA_MISSING_FILE: no file']],
    ['a folder in its place', { 'file/inside': '' }, ['DATA_UNREADABLE_FILE: file (EISDIR)']],
    ['an empty file', { file: '' }, ['DATA_EMPTY_FILE: file is empty']],
    ['a blank file', { file: ' \n\r\n\t' }, ['DATA_EMPTY_FILE: file is empty']],
    [
      'each line that is not UTF-8',
      { file: Buffer.from('fine\ncaf\xe9\nfine\n\xfcber', 'latin1') },
      ['DATA_NOT_UTF8: file:2 has bytes that are not UTF-8', 'DATA_NOT_UTF8: file:4 has bytes that are not UTF-8'],
    ],
    [
      'zero bytes, by line',
      { file: 'fine\na\0b\nfine\n\0' },
      ['DATA_ZERO_BYTE: file:2 has a zero byte', 'DATA_ZERO_BYTE: file:4 has a zero byte'],
    ],
    [
      'a line that is no text',
      { file: `fine\n${'x'.repeat(100 * 2 ** 20)}\nfine` },
      ['DATA_LINE_TOO_LONG: file:2 has 100 MB'],
    ],
    ['UTF-16', { file: Buffer.from('\uFEFFa', 'utf16le') }, ['DATA_NOT_UTF8: file:1 has bytes that are not UTF-8']],
  ];
  it.each(cases)('%s', async (_, files, expected) => {
    const folder = await temporaryFolder(files);
    expect(summaries(await problemsOf(read(folder, 'file')), folder)).toEqual(expected);
  });
});

it('finds a bad byte on its line, whatever the text around it', async () => {
  const lines = fc.array(
    fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', ' ')),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(lines, lines, async (before, after) => {
      const bad = Buffer.concat([Buffer.from('x'), Buffer.from([0xff])]);
      const rows = [...before.map((line) => Buffer.from(line)), bad, ...after.map((line) => Buffer.from(line))];
      const file = Buffer.concat(rows.flatMap((line, i) => (i === 0 ? [line] : [Buffer.from('\n'), line])));
      const folder = await temporaryFolder({ file });
      const [problem, ...others] = await problemsOf(read(folder, 'file'));
      expect(others).toEqual([]);
      expect(problem?.given).toBe(`${join(folder, 'file')}:${before.length + 1} has bytes that are not UTF-8`);
    }),
    { numRuns: 30 },
  );
});

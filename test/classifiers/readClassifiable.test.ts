import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { classifiableLine, readClassifiable } from '../../src/classifiers/readClassifiable.ts';
import { problemsOf, summaries } from '../data/problems.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';

const nothing = () => Readable.from([]);

async function read(
  name: string,
  content: string | Uint8Array,
  contexts: Parameters<typeof readClassifiable>[1] = {},
): ReturnType<typeof readClassifiable> {
  const folder = await temporaryFolder({ [name]: content });
  return readClassifiable(join(folder, name), contexts, nothing());
}

const texts = ['one text', 'another, "quoted"', 'ça 😭'];
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

it.each([
  ['texts.txt', texts.join('\n')],
  ['windows.txt', `\uFEFF${texts.map((text) => `${text}\r\n \r\n\r\n`).join('')}`],
  ['without an ending', texts.join('\n')],
  ['texts.jsonl', texts.map((text) => `${JSON.stringify({ text })}\n`).join('')],
  ['texts.csv', ['text', ...texts.map(quoted)].join('\r\n')],
  ['texts.TSV', ['text', ...texts].join('\n')],
])('reads %s', async (name, content) => {
  expect(await read(name, content)).toEqual(texts.map((text) => ({ text, fields: { text } })));
});

it('reads the input', async () => {
  const input = Readable.from([Buffer.from('one\n\ntw'), Buffer.from('o\r\n')]);
  const lines = await readClassifiable('-', { context: 'so' }, input);
  expect(lines).toEqual(['one', 'two'].map((text) => ({ text, context: 'so', fields: { text } })));
});

it('keeps the other columns', async () => {
  const row = { id: 7, text: 'one', source: { page: 3 } };
  expect(await read('a.jsonl', JSON.stringify(row))).toEqual([{ text: 'one', fields: row }]);
});

it('takes no column under which the prediction is written', async () => {
  const row = JSON.stringify({ text: 'one', predicted: 'mine', probabilities: 3 });
  expect((await problemsOf(read('a.jsonl', row))).map(({ code, given }) => `${code}: ${given}`)).toEqual([
    expect.stringMatching(/^PREDICT_COLUMN_TAKEN: .*a\.jsonl:1, predicted$/),
    expect.stringMatching(/^PREDICT_COLUMN_TAKEN: .*a\.jsonl:1, probabilities$/),
  ]);
});

it.each(['a.json', 'a.ndjson', 'a.XLSX', 'a.arrow'])('takes the lines of %s for no texts', async (name) => {
  expect((await problemsOf(read(name, '{"text": "one"}'))).map(({ code, given }) => `${code}: ${given}`)).toEqual([
    expect.stringMatching(/^PREDICT_NOT_A_TABLE: --file /),
  ]);
});

describe('contexts', () => {
  const table = 'text,before\na,x\nb,\n';
  const fields = [
    { text: 'a', before: 'x' },
    { text: 'b', before: '' },
  ];

  it.each([
    ['none', {}, [undefined, undefined]],
    ['one for all', { context: 'so' }, ['so', 'so']],
    ['an empty one', { context: '' }, ['', '']],
    ['those of a column, which may be empty', { contextColumn: 'before' }, ['x', '']],
  ])('are %s', async (_, contexts, expected) => {
    const lines = await read('a.csv', table, contexts);
    expect(lines).toEqual(fields.map((own, i) => ({ text: own.text, fields: own, context: expected[i] })));
    expect(lines.map((line) => 'context' in line)).toEqual(expected.map((own) => own !== undefined));
  });

  it('of a text by itself', () => {
    expect(classifiableLine({ text: 'a' }, 'so')).toEqual({ text: 'a', context: 'so', fields: { text: 'a' } });
    expect(Object.keys(classifiableLine({ text: 'a' }))).toEqual(['fields', 'text']);
  });
});

describe('a mistake', () => {
  it.each<[string, string, string | Uint8Array, Parameters<typeof read>[2], readonly (string | RegExp)[]]>([
    ['an empty file', 'a.txt', '', {}, ['DATA_EMPTY_FILE: a.txt is empty']],
    ['a file of blank lines', 'a.txt', ' \n\n', {}, ['DATA_EMPTY_FILE: a.txt is empty']],
    ['an empty table', 'a.jsonl', '', {}, ['DATA_EMPTY_FILE: a.jsonl is empty']],
    ['a binary file', 'a.bin', Uint8Array.of(65, 0, 66), {}, ['DATA_ZERO_BYTE: a.bin:1 has a zero byte']],
    ['a file that is no Parquet', 'a.parquet', 'text', {}, [/^DATA_\w+: a\.parquet/]],
    ['JSON that does not parse', 'a.jsonl', '{"text":\n', {}, [/^DATA_BAD_JSON: a\.jsonl:1 /]],
    [
      'texts that are none',
      'a.jsonl',
      '{"text":3}\n{"text":"b"}\n{"before":"x"}\n',
      {},
      ['DATA_BAD_ROW: a.jsonl:1, text', 'DATA_BAD_ROW: a.jsonl:3, text'],
    ],
    [
      'contexts that are none',
      'a.jsonl',
      '{"text":"a","before":null}\n{"text":1}\n',
      { contextColumn: 'before' },
      ['DATA_BAD_ROW: a.jsonl:1, before', 'DATA_BAD_ROW: a.jsonl:2, text', 'DATA_BAD_ROW: a.jsonl:2, before'],
    ],
    ['a table without texts', 'a.csv', 'review,stars\ngood,5\n', {}, [/^DATA_MISSING_COLUMN: .+text/]],
    [
      'a column that is not there',
      'a.csv',
      'text,before\ngood,so\n',
      { contextColumn: 'befor' },
      [/^DATA_MISSING_COLUMN: .+befor/],
    ],
  ])('%s', async (_, name, content, contexts, expected) => {
    const folder = await temporaryFolder({ [name]: content });
    const problems = await problemsOf(readClassifiable(join(folder, name), contexts ?? {}, nothing()));
    expect(summaries(problems, folder)).toEqual(
      expected.map((own) => (typeof own === 'string' ? own : expect.stringMatching(own))),
    );
  });

  it('a file that is not there, and a folder in its place', async () => {
    const folder = await temporaryFolder({});
    const codesOf = async (name: string) =>
      (await problemsOf(readClassifiable(join(folder, name), {}, nothing()))).map(({ code }) => code);
    expect(await codesOf('none.txt')).toEqual(['DATA_MISSING_FILE']);
    expect(await codesOf('none.csv')).toEqual(['DATA_MISSING_FILE']);
    expect(await codesOf('')).toEqual(['DATA_UNREADABLE_FILE']);
  });

  it('an input without a text', async () => {
    const problems = await problemsOf(readClassifiable('-', {}, Readable.from([Buffer.from(' \n\n')])));
    expect(problems).toMatchObject([{ code: 'PREDICT_NO_TEXTS', given: '--file - without a text' }]);
  });
});

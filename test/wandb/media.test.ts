import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writePicture, writeTable } from '../../src/wandb/media.ts';

const files = mkdtempSync(join(tmpdir(), 'contrafit-media-'));
afterAll(() => rmSync(files, { recursive: true, force: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a table is a file of the run and what stands for it', () => {
  const columns = ['text', 'number'];
  const rows = [
    ['ä "quoted"\n', 0.1 + 0.2],
    [null, Number.NaN],
    ['inf', Number.NEGATIVE_INFINITY],
  ];
  const { path, value } = writeTable(files, 'sst2/knn/table', 7, { columns, rows });
  const bytes = readFileSync(join(files, path));
  const hash = sha256(bytes);
  expect(path).toBe(`media/table/sst2/knn/table_7_${hash.slice(0, 20)}.table.json`);
  expect(value).toEqual({ _type: 'table-file', ncols: 2, nrows: 3, path, sha256: hash, size: bytes.length });
  expect(JSON.parse(bytes.toString())).toEqual({
    columns,
    data: [
      ['ä "quoted"\n', 0.30000000000000004],
      [null, null],
      ['inf', null],
    ],
  });
});

test('an empty table is one', () => {
  const { path, value } = writeTable(files, 'empty', 0, { columns: [], rows: [] });
  expect(value).toMatchObject({ ncols: 0, nrows: 0 });
  expect(readFileSync(join(files, path), 'utf8')).toBe('{"columns":[],"data":[]}');
});

test('a picture is the bytes that were given', () => {
  const png = Uint8Array.from({ length: 1000 }, (_, i) => i % 256).subarray(3);
  const { path, value } = writePicture(files, 'a/picture', 2, { png, width: 30, height: 20, caption: 'A caption' });
  expect(readFileSync(join(files, path)).equals(png)).toBe(true);
  const hash = sha256(png);
  expect(path).toBe(`media/images/a/picture_2_${hash.slice(0, 20)}.png`);
  expect(value).toEqual({
    ...{ _type: 'image-file', format: 'png', width: 30, height: 20, caption: 'A caption', path },
    ...{ sha256: hash, size: 997 },
  });
});

test('the same again is the same file, another content or row another one', () => {
  const of = (index: number, cell: number) =>
    writeTable(files, 'again', index, { columns: ['a'], rows: [[cell]] }).path;
  const paths = [of(0, 1), of(0, 1), of(0, 2), of(1, 1)];
  expect(new Set(paths).size).toBe(3);
  expect(readdirSync(join(files, 'media/table')).filter((name) => name.startsWith('again'))).toHaveLength(3);
});

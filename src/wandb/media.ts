import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NumberTable } from '../report/comparisonNumbers.ts';

/** A file that belongs to a run, and the value that stands for it in the history. */
export interface Media {
  /** Below the run's `files`, with slashes. */
  readonly path: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Writes a table as W&B keeps it. NaN and infinities, which its JSON cannot hold, become null. */
export function writeTable(files: string, key: string, index: number, { columns, rows }: NumberTable): Media {
  const bytes = Buffer.from(JSON.stringify({ columns, data: rows }));
  return writeMedia(files, 'media/table', key, index, 'table.json', bytes, {
    _type: 'table-file',
    ncols: columns.length,
    nrows: rows.length,
  });
}

export interface MediaPicture {
  readonly png: Uint8Array;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly caption: string;
}

/** Writes a picture. */
export function writePicture(
  files: string,
  key: string,
  index: number,
  { png, width, height, caption }: MediaPicture,
): Media {
  const shown = { _type: 'image-file', format: 'png', width, height, caption };
  return writeMedia(files, 'media/images', key, index, 'png', png, shown);
}

function writeMedia(
  files: string,
  folder: string,
  key: string,
  index: number,
  ending: string,
  bytes: Uint8Array,
  value: Readonly<Record<string, unknown>>,
): Media {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = `${folder}/${key}_${index}_${sha256.slice(0, 20)}.${ending}`;
  mkdirSync(dirname(join(files, path)), { recursive: true });
  writeFileSync(join(files, path), bytes);
  return { path, value: { ...value, path, sha256, size: bytes.length } };
}

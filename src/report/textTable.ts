import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import { type Colours, noColours } from './terminal.ts';

export interface TextColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** A column of words. */
export function textColumn(title: string): TextColumn {
  return { title, align: 'left' };
}

/** A column of numbers. */
export function figureColumn(title: string): TextColumn {
  return { title, align: 'right' };
}

export const columnGap = 2;

/** A table for a terminal: columns apart by two spaces, a line below the titles, no frame. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  colours: Colours = noColours,
): string {
  const table = new Table({
    head: columns.map(({ title }) => colours.bold(title)),
    colAligns: columns.map(({ align }) => align),
    chars: { ...withoutFrame, middle: ' '.repeat(columnGap) },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((cells) => [...cells]));
  const [titles = '', ...body] = table.toString().split('\n');
  const line = '─'.repeat(stripVTControlCharacters(titles).length);
  return [titles.trimEnd(), colours.dim(line), ...body.map((row) => row.trimEnd())].join('\n');
}

const withoutFrame = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
};

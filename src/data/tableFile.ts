import { extname } from 'node:path';
import type { Columns } from './parquet.ts';
import type { ProblemList } from './problemList.ts';
import { type Row, readJsonLines, readTable } from './rows.ts';

/** The formats of one's own tables, by the endings of their files' names. */
export const tableFormats = ['jsonl', 'csv', 'tsv', 'parquet'] as const;

/** Whether a file is of a format that {@link readTableFile} reads. */
export function isTable(path: string): boolean {
  return formatOf(path) !== undefined;
}

/** The rows of a table, of which JSON Lines and Parquet may have lists and objects in their fields. */
export async function readTableFile(file: string, columns: Columns, problems: ProblemList): Promise<Row[]> {
  const format = formatOf(file);
  if (format === 'parquet') return (await import('./parquet.ts')).readParquet(file, columns, problems);
  if (format === 'csv' || format === 'tsv') return readTable(file, format, columns.required, problems);
  return readJsonLines(file, problems);
}

function formatOf(path: string): (typeof tableFormats)[number] | undefined {
  return tableFormats.find((format) => extname(path).toLowerCase() === `.${format}`);
}

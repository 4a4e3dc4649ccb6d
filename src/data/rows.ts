import Papa from 'papaparse';
import type { z } from 'zod';
import { didYouMean } from '../didYouMean.ts';
import type { ProblemList } from './problemList.ts';
import { readTextFile } from './textFile.ts';

/** A record of a data file and where it stands. */
export interface Row {
  /** `file:line`; for a record of several lines, its first. */
  readonly at: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A row whose values a schema has checked. */
export interface CheckedRow<T> {
  readonly at: string;
  readonly values: T;
}

/** Reads JSON Lines: an object a line, blank lines ignored. Bad lines become problems (DATA_BAD_JSON). */
export async function readJsonLines(file: string, problems: ProblemList): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [i, line] of (await readTextFile(file, problems)).split('\n').entries()) {
    if (line.trim() === '') continue;
    const at = `${file}:${i + 1}`;
    const { value, error } = parseJson(line);
    if (isRecord(value)) rows.push({ at, values: value });
    else {
      problems.add({
        code: 'DATA_BAD_JSON',
        given: `${at} ${error ?? 'is not an object'}`,
        expected: 'one JSON object a line',
        remedy: 'Mend or remove the line.',
      });
    }
  }
  return rows;
}

function parseJson(line: string): { value?: unknown; error?: string } {
  try {
    return { value: JSON.parse(line) };
  } catch (error) {
    if (error instanceof SyntaxError) return { error: `does not parse (${error.message})` };
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads a table whose first line names the columns: CSV with quoting as in RFC 4180, or TSV, which has no quoting.
 * Without a required column (DATA_MISSING_COLUMN) no row is returned.
 */
export async function readTable(
  file: string,
  format: 'csv' | 'tsv',
  required: readonly string[],
  problems: ProblemList,
): Promise<Row[]> {
  const [header, ...records] = await readRecords(file, format, problems);
  if (header === undefined) return [];
  const columns = header.fields.map((name) => name.trim());
  if (missingColumns(file, columns, required, problems)) return [];
  if (records.length === 0) {
    problems.add({
      code: 'DATA_EMPTY_FILE',
      given: `${file} has a header only`,
      expected: 'at least one row',
      remedy: 'Fill it, or name another source with --data.',
    });
  }
  return toRows(records, columns, file, problems);
}

/** Reports the required columns that are not there (DATA_MISSING_COLUMN); whether there are any. */
export function missingColumns(
  file: string,
  columns: readonly string[],
  required: readonly string[],
  problems: ProblemList,
): boolean {
  const missing = required.filter((name) => !columns.includes(name));
  for (const name of missing) {
    problems.add({
      code: 'DATA_MISSING_COLUMN',
      given: `${file} has no column "${name}" but ${columns.map((c) => `"${c}"`).join(', ')}`,
      expected: `the columns ${required.join(' and ')}`,
      remedy: `Rename one, or say in the experiment which they are: data.own.columns.${didYouMean(name, columns)}`,
    });
  }
  return missing.length > 0;
}

/** Reads a TSV whose columns are known by position, without quoting. */
export async function readHeaderlessTsv(
  file: string,
  columns: readonly string[],
  problems: ProblemList,
): Promise<Row[]> {
  return toRows(await readRecords(file, 'tsv', problems), columns, file, problems);
}

interface DelimitedRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

async function readRecords(file: string, format: 'csv' | 'tsv', problems: ProblemList): Promise<DelimitedRecord[]> {
  const text = await readTextFile(file, problems);
  const records: DelimitedRecord[] = [];
  let line = 1;
  let begin = 0;
  Papa.parse<string[]>(text, {
    delimiter: format === 'csv' ? ',' : '\t',
    // Papa Parse's fast mode is its way to take quotation marks literally.
    ...(format === 'tsv' ? { fastMode: true } : {}),
    step: ({ data: fields, errors, meta }) => {
      for (const { message } of errors) {
        problems.add({
          code: 'DATA_BAD_CSV',
          given: `${file}:${line} does not parse (${message})`,
          expected: 'fields with a comma, line break or quotation mark in quotation marks, these doubled inside',
          remedy: 'Mend the line.',
        });
      }
      if (errors.length === 0 && fields.some((field) => field !== '')) records.push({ line, fields });
      line += text.slice(begin, meta.cursor).split('\n').length - 1;
      begin = meta.cursor;
    },
  });
  return records;
}

function toRows(
  records: readonly DelimitedRecord[],
  columns: readonly string[],
  file: string,
  problems: ProblemList,
): Row[] {
  const rows: Row[] = [];
  for (const { line, fields } of records) {
    const at = `${file}:${line}`;
    if (fields.length === columns.length) {
      rows.push({ at, values: Object.fromEntries(columns.map((name, i) => [name, fields[i]])) });
    } else {
      problems.add({
        code: 'DATA_BAD_ROW',
        given: `${at} has ${fields.length} fields`,
        expected: `${columns.length} (${columns.join(', ')})`,
        remedy: 'Mend or remove the line.',
      });
    }
  }
  return rows;
}

/** Keeps the rows that fit the schema; each misfit of another becomes a problem (DATA_BAD_ROW). */
export function checkRows<T>(rows: readonly Row[], schema: z.ZodType<T>, problems: ProblemList): CheckedRow<T>[] {
  const checked: CheckedRow<T>[] = [];
  for (const { at, values } of rows) {
    const parsed = schema.safeParse(values);
    if (parsed.success) checked.push({ at, values: parsed.data });
    else {
      for (const { path, message } of parsed.error.issues) {
        problems.add({
          code: 'DATA_BAD_ROW',
          given: `${at}${path.length > 0 ? `, ${path.join('.')}` : ''}`,
          expected: message.replace(/^Invalid (input|option|key): expected /, ''),
          remedy: 'Mend or remove the line.',
        });
      }
    }
  }
  return checked;
}

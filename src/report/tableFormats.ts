import { finiteOrName } from '../tracking/journal.ts';
import type { ColumnType, Row } from './exportRows.ts';

export const tableFormats = ['csv', 'parquet', 'jsonl'] as const;
export type TableFormat = (typeof tableFormats)[number];

/**
 * Rows as a table of the base columns and those of all of the rows. What a row lacks is empty in CSV, null in Parquet and absent in JSON Lines;
 * NaN and infinities are kept, in JSON Lines by name as in a journal.
 */
export async function tableOf(
  rows: readonly Row[],
  format: TableFormat,
  base: Readonly<Record<string, ColumnType>> = {},
): Promise<string | Uint8Array> {
  const columns = [...new Set([base, ...rows].flatMap((row) => Object.keys(row)))];
  if (format === 'jsonl') return rows.map((row) => `${JSON.stringify(row, finiteOrName)}\n`).join('');
  if (format === 'csv') {
    const { default: Papa } = await import('papaparse');
    const data = rows.map((row) => columns.map((column) => row[column] ?? ''));
    const text = Papa.unparse({ fields: columns, data }, { newline: '\n' });
    // Without rows it ends its line by itself.
    return text.endsWith('\n') ? text : `${text}\n`;
  }
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = columns.map((name) => {
    const values = rows.map((row) => row[name] ?? null);
    const isNumeric = values.every((value) => value === null || typeof value === 'number');
    const type: ColumnType = base[name] ?? (isNumeric ? 'DOUBLE' : 'STRING');
    const data = type === 'DOUBLE' ? values : values.map((value) => (value === null ? null : String(value)));
    return { name, data, type, nullable: true };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

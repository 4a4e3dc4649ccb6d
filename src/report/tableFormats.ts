import { finiteOrName } from '../tracking/journal.ts';
import type { Row } from './exportRows.ts';

export const tableFormats = ['csv', 'parquet', 'jsonl'] as const;
export type TableFormat = (typeof tableFormats)[number];

/**
 * Rows as a table of the columns of all of them. What a row lacks is empty in CSV, null in Parquet and absent in JSON Lines;
 * NaN and infinities are kept, in JSON Lines by name as in a journal.
 */
export async function tableOf(rows: readonly Row[], format: TableFormat): Promise<string | Uint8Array> {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (format === 'jsonl') return rows.map((row) => `${JSON.stringify(row, finiteOrName)}\n`).join('');
  if (format === 'csv') {
    const { default: Papa } = await import('papaparse');
    const data = rows.map((row) => columns.map((column) => row[column] ?? ''));
    return `${Papa.unparse({ fields: columns, data }, { newline: '\n' })}\n`;
  }
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = columns.map((name) => {
    const values = rows.map((row) => row[name] ?? null);
    const isNumeric = values.every((value) => value === null || typeof value === 'number');
    return isNumeric
      ? { name, data: values, type: 'DOUBLE' as const, nullable: true }
      : {
          name,
          data: values.map((value) => (value === null ? null : String(value))),
          type: 'STRING' as const,
          nullable: true,
        };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

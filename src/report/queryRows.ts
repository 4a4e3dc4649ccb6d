import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { ExperimentResults } from '../tracking/results.ts';
import { baseColumns, exportables, exportRows, type Row } from './exportRows.ts';
import { tableOf } from './tableFormats.ts';

/**
 * Answers an SQL query (DuckDB's dialect) over the views `runs`, `metrics`, `steps` and `validations`, which are the tables of
 * {@link exportRows}. Journals are read as a whole only for queries that name their steps or validations.
 *
 * @throws UserError QUERY_INVALID with DuckDB's reason
 */
export async function queryRows(experiments: readonly ExperimentResults[], sql: string): Promise<Row[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const folder = await mkdtemp(join(tmpdir(), 'contrafit-query-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    for (const view of exportables.filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(sql))) {
      const file = join(folder, `${view}.parquet`);
      await writeFile(file, await tableOf(exportRows(experiments, view), 'parquet', baseColumns[view]));
      await connection.run(`create view ${view} as from read_parquet('${file.replaceAll("'", "''")}')`);
    }
    const reader = await connection.runAndReadAll(sql).catch((error: unknown) => {
      throw new UserError({
        code: 'QUERY_INVALID',
        given: error instanceof Error ? error.message.replace(/\s+/g, ' ').trim() : String(error),
        expected: `a query in DuckDB's SQL over ${exportables.join(', ')}`,
        remedy: 'See the columns with: yarn runs query "describe runs".',
      });
    });
    return reader.getRowObjectsJS().map(plain);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whole numbers of 64 bits as numbers, times as ISO 8601, lists and structures as JSON. */
function plain(row: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(value: unknown): Row[string] {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object' && value !== null) {
    return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner));
  }
  return value as Row[string];
}

import type { Item, WandbRecord } from '../../src/wandb/record.ts';
import { RecordLogReader } from '../../src/wandb/recordLog.ts';
import { parsePythonJson } from './server.ts';

/** All whole records of a log. */
export function readLog(path: string): WandbRecord[] {
  const reader = new RecordLogReader(path);
  try {
    return [...reader.read()];
  } finally {
    reader.close();
  }
}

/** Values by name, NaN and infinities included. */
export function valuesOf(items: readonly Item[]): Record<string, unknown> {
  return Object.fromEntries(
    items.map(({ key, nested_key: nested = [], value_json: json }) => [key || nested.join('.'), parsePythonJson(json)]),
  );
}

/** The rows of the history. */
export function rowsOf(records: readonly WandbRecord[]): Record<string, unknown>[] {
  return records.flatMap(({ history }) => (history ? [valuesOf(history.item)] : []));
}

/** The summary that counts: the last. */
export function summaryOf(records: readonly WandbRecord[]): Record<string, unknown> {
  return valuesOf(records.findLast(({ summary }) => summary)?.summary?.update ?? []);
}

/** What the console showed; `at` in milliseconds since 1970. */
export function linesOf(records: readonly WandbRecord[]): { line: string; at: number }[] {
  return records.flatMap(({ output_raw: output }) => {
    if (!output) return [];
    const { seconds = 0, nanos = 0 }: { seconds?: number; nanos?: number } = output.timestamp;
    return [{ line: output.line, at: 1000 * seconds + nanos / 1e6 }];
  });
}

import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { z } from 'zod';
import { systemErrorCode } from '../errors.ts';
import type { ProblemList } from './problemList.ts';
import { missingColumns, type Row } from './rows.ts';

/** What Hugging Face's `datasets` writes into a Parquet file's metadata under the key `huggingface`. */
const datasetsInfo = z.object({ info: z.object({ features: z.record(z.string(), z.unknown()) }) });
const classLabel = z.object({ _type: z.literal('ClassLabel'), names: z.array(z.string()) });

/**
 * Reads a Parquet file. Class numbers become the names that Hugging Face's `datasets` keeps beside them.
 *
 * Problems: DATA_MISSING_FILE, DATA_MISSING_COLUMN, and DATA_BAD_PARQUET for what is no Parquet or is compressed otherwise
 * than by Snappy.
 */
export async function readParquet(file: string, required: readonly string[], problems: ProblemList): Promise<Row[]> {
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    if (missingColumns(file, columns, required, problems)) return [];
    const names = classNames(metadata);
    const objects = await parquetReadObjects({ file: buffer, metadata });
    return objects.map((values, i) => ({
      at: `${file}, row ${i + 1}`,
      values: Object.fromEntries(
        Object.entries(values).map(([column, value]) => {
          const plain: unknown = typeof value === 'bigint' ? Number(value) : value;
          return [column, names.get(column)?.[plain as number] ?? plain];
        }),
      ),
    }));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const missing = systemErrorCode(error) === 'ENOENT';
    problems.add({
      code: missing ? 'DATA_MISSING_FILE' : 'DATA_BAD_PARQUET',
      given: missing ? `no ${file}` : `${file} (${error.message})`,
      expected: missing ? 'the file' : 'a Parquet file, uncompressed or compressed by Snappy',
      remedy: missing
        ? 'Put it there, or name another source with --data.'
        : 'Write it anew, for instance with pandas: frame.to_parquet(path), or as .jsonl or .csv.',
    });
    return [];
  }
}

/** The class names of the columns that have any. */
function classNames({ key_value_metadata }: FileMetaData): ReadonlyMap<string, readonly string[]> {
  const entry = key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  const parsed = datasetsInfo.safeParse(parseJson(entry ?? ''));
  const features = parsed.success ? Object.entries(parsed.data.info.features) : [];
  return new Map(
    features.flatMap(([column, feature]) => {
      const label = classLabel.safeParse(feature);
      return label.success ? [[column, label.data.names] as const] : [];
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

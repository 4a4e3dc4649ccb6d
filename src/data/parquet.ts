import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { z } from 'zod';
import { type Problem, systemErrorCode } from '../errors.ts';
import { parseJson } from '../parseJson.ts';
import type { ProblemList } from './problemList.ts';
import { missingColumns, type Row } from './rows.ts';

export interface Columns {
  readonly required: readonly string[];
  /** Those that are read, the required ones among them; others may be absent. Default: all. */
  readonly wanted?: readonly string[];
}

/** What Hugging Face's `datasets` writes into a Parquet file's metadata under the key `huggingface`. */
const datasetsInfo = z.object({ info: z.object({ features: z.record(z.string(), z.unknown()) }) });
const classLabel = z.object({ _type: z.literal('ClassLabel'), names: z.array(z.string()) });
const classLabels = z.object({ _type: z.enum(['List', 'LargeList', 'Sequence']), feature: classLabel });

/**
 * Reads columns of a Parquet file. Class numbers, also in lists, become the names that Hugging Face's `datasets` keeps
 * beside them; other whole numbers of 64 bits become numbers, or strings of digits from 2^53 on.
 *
 * Problems: DATA_MISSING_FILE, DATA_MISSING_COLUMN, DATA_UNKNOWN_LABEL, and DATA_BAD_PARQUET for what is no Parquet or is
 * compressed otherwise than by Snappy.
 */
export async function readParquet(file: string, { required, wanted }: Columns, problems: ProblemList): Promise<Row[]> {
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    if (missingColumns(file, columns, required, problems)) return [];
    const names = classNames(metadata);
    const known = wanted ? wanted.filter((column) => columns.includes(column)) : columns;
    const objects = await parquetReadObjects({ file: buffer, metadata, columns: known });
    return objects.map((values, i) => {
      const at = `${file}, row ${i + 1}`;
      const named = Object.entries(values).map(([column, value]) => {
        const ofColumn = names.get(column);
        const ofClass = (number: unknown): unknown => {
          if (!ofColumn || number === null) return number;
          const name = ofColumn[number as number];
          if (name !== undefined) return name;
          // Texts that nobody has labelled yet have -1 in a column that is only kept.
          if (!(wanted ?? required).includes(column)) return number;
          problems.add(unknownClass(at, column, number, ofColumn));
          return name;
        };
        const plain = withoutBigInts(value);
        return [column, Array.isArray(plain) ? plain.map(ofClass) : ofClass(plain)];
      });
      return { at, values: Object.fromEntries(named) };
    });
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

/** A value with numbers for all whole numbers of 64 bits in it, or their digits where a number would round them. */
function withoutBigInts(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(withoutBigInts);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, withoutBigInts(own)]));
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function unknownClass(at: string, column: string, given: unknown, names: readonly string[]): Problem {
  return {
    code: 'DATA_UNKNOWN_LABEL',
    given: `${at}, ${column} ${given}`,
    expected: `0 to ${names.length - 1} (${names.join(', ')})`,
    remedy: 'Where a split was published without labels, which -1 stands for, use another one for testing.',
  };
}

/** The class names of the columns that have any. */
function classNames({ key_value_metadata }: FileMetaData): ReadonlyMap<string, readonly string[]> {
  const entry = key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  const parsed = datasetsInfo.safeParse(parseJson(entry ?? ''));
  const features = parsed.success ? Object.entries(parsed.data.info.features) : [];
  return new Map(
    features.flatMap(([column, feature]) => {
      const one = classLabel.safeParse(feature).data ?? classLabels.safeParse(feature).data?.feature;
      return one ? [[column, one.names] as const] : [];
    }),
  );
}

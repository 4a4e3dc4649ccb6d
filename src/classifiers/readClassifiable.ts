import type { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { ProblemList } from '../data/problemList.ts';
import { isTable, readTableFile } from '../data/tableFile.ts';
import { readTextFile } from '../data/textFile.ts';
import { UserError } from '../errors.ts';
import type { Classifiable } from './predict.ts';

/** A text of a file, and all that its line holds. */
export interface ClassifiableLine extends Classifiable {
  readonly fields: Readonly<Record<string, unknown>> & { readonly text: string };
}

/** Files whose lines are no texts, in formats that are not read. */
const tableElsewhere = /\.(json|ndjson|arrow|feather|xlsx?|ods)$/i;

/** What {@link Prediction}s are written under, beside the columns of the file. */
const written = ['predicted', 'probabilities'];

interface ContextOptions {
  /** Of all texts. Default: none. */
  readonly context?: string | undefined;
  /** The column of a table that holds each text's own. Default: none. */
  readonly contextColumn?: string | undefined;
}

/**
 * Reads texts to be classified: the column `text` of a table, or the lines of a text file that are not blank.
 *
 * @param file `-` for the input
 * @throws UserError DATA_BAD_ROW, PREDICT_COLUMN_TAKEN, PREDICT_NOT_A_TABLE, PREDICT_NO_TEXTS, and those of `readTableFile`
 * and `readTextFile`
 */
export async function readClassifiable(
  file: string,
  contexts: ContextOptions,
  input: Readable,
): Promise<ClassifiableLine[]> {
  if (tableElsewhere.test(file)) {
    throw new UserError({
      code: 'PREDICT_NOT_A_TABLE',
      given: `--file ${file}`,
      expected: 'a text a line, or a table in a file whose name ends in .jsonl, .csv, .tsv or .parquet',
      remedy: 'Write it as one of these, one object a line for .jsonl.',
    });
  }
  const problems = new ProblemList();
  const lines = isTable(file)
    ? await readRows(file, contexts, problems)
    : (file === '-' ? await readAll(input) : await readTextFile(file, problems))
        .split(/\r?\n/)
        .filter((text) => text.trim() !== '')
        .map((text) => classifiableLine({ text }, contexts.context));
  problems.throwIfAny();
  if (lines.length > 0) return lines;
  throw new UserError({
    code: 'PREDICT_NO_TEXTS',
    given: `--file ${file} without a text`,
    expected: 'a text a line',
    remedy: 'Fill it, or name another one.',
  });
}

async function readRows(
  file: string,
  { context, contextColumn }: ContextOptions,
  problems: ProblemList,
): Promise<ClassifiableLine[]> {
  const required = ['text', ...(contextColumn === undefined ? [] : [contextColumn])];
  const lines: ClassifiableLine[] = [];
  for (const { at, values } of await readTableFile(file, { required }, problems)) {
    for (const name of written.filter((own) => own in values)) {
      problems.add({
        code: 'PREDICT_COLUMN_TAKEN',
        given: `${at}, ${name}`,
        expected: 'no column of that name, under which the prediction is written',
        remedy: 'Rename or remove it.',
      });
    }
    const missing = required.filter((name) => typeof values[name] !== 'string');
    for (const name of missing) {
      problems.add({
        code: 'DATA_BAD_ROW',
        given: `${at}, ${name}`,
        expected: 'a string',
        remedy: 'Mend or remove the line.',
      });
    }
    const own = contextColumn === undefined ? context : String(values[contextColumn]);
    if (missing.length === 0) lines.push(classifiableLine({ ...values, text: String(values.text) }, own));
  }
  return lines;
}

/** @param context default: none */
export function classifiableLine(fields: ClassifiableLine['fields'], context?: string): ClassifiableLine {
  return { fields, text: fields.text, ...(context !== undefined && { context }) };
}

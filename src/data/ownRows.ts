import { z } from 'zod';
import { didYouMean } from '../didYouMean.ts';
import { parseJson } from '../parseJson.ts';
import { columnsRead, type Declaration } from './declaration.ts';
import type { ProblemList } from './problemList.ts';
import { type CheckedRow, checkRows } from './rows.ts';
import { type Example, mapSplits, type SourceContent, type SplitName, splitNames } from './source.ts';
import { decided, renamed, type Strengths, strongestOf } from './strengths.ts';
import { readTableFile } from './tableFile.ts';

/** A row of one's own data: a text with a label, with strengths of classes, or with both. */
export type OwnRow = Omit<Example, 'label'> & { readonly label?: string };

const text = z.string().refine((value) => value.trim() !== '', 'a text that is not blank');
const label = z
  .union([z.string().trim(), z.int().transform(String), z.boolean().transform(String)], 'the name of a class')
  .refine((name) => name !== '', 'the name of a class');
const optionalLabel = z.preprocess((value) => (value === null || value === '' ? undefined : value), label.optional());

const inRange = 'a strength from 0 to 1';
const strength = z.number(inRange).min(0, inRange).max(1, inRange);

/** Strengths by class; 0 and null, with which Parquet fills up, are of classes that a text has not. */
function strengthsSchema({ labelling, separator }: Declaration): z.ZodType<Strengths> {
  const expected =
    labelling === 'soft'
      ? 'an object of strengths by class'
      : `an object of strengths by class, a list of classes or classes with "${separator}" between`;
  const named = z
    .record(z.string().trim().min(1, 'the name of a class'), strength.nullable(), expected)
    .transform((own) =>
      Object.entries(own).flatMap(([name, value]) => (value === null || value === 0 ? [] : [[name, value] as const])),
    )
    .refine((entries) => entries.length > 0, 'at least one class')
    .transform((entries) => Object.fromEntries(entries));
  return z.preprocess((value) => {
    const given = typeof value === 'string' && value.trim().startsWith('{') ? parseJson(value) : value;
    if (labelling === 'soft') return given;
    return Array.isArray(given)
      ? eachFully(given)
      : typeof given === 'string'
        ? eachFully(split(given, separator))
        : given;
  }, named);
}

function split(names: string, separator: string): string[] {
  return names
    .split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function eachFully(names: readonly unknown[]): unknown {
  const known = names.every((name) => typeof name === 'string' || Number.isInteger(name));
  return known ? Object.fromEntries(names.map((name) => [String(name).trim(), 1])) : names;
}

/**
 * Reads the rows of a user's file as is declared. Problems, beside those of the format: DATA_BAD_ROW for a text, label,
 * strength or set of classes that is none, DATA_UNKNOWN_LABEL, and DATA_LABEL_NOT_STRONGEST.
 *
 * @param taxonomy the classes that are allowed; default: any
 */
export async function readOwnRows(
  file: string,
  declaration: Declaration,
  taxonomy: readonly string[] | undefined,
  problems: ProblemList,
): Promise<OwnRow[]> {
  const { columns, labelling, labels } = declaration;
  const single = labelling === 'single';
  const schema = z.object({
    [columns.text]: text,
    [columns.label]: single ? label : optionalLabel,
    [columns.context]: z.string().nullish(),
    [columns.character]: z.string().nullish(),
    ...(!single && { [columns.strengths]: strengthsSchema(declaration) }),
  });
  const required = [columns.text, single ? columns.label : columns.strengths];
  const rows = await readTableFile(file, { required, wanted: columnsRead(declaration) }, problems);
  const checked = checkRows(rows, schema, problems).map(({ at, values }): CheckedRow<OwnRow> => {
    const own = values[columns.label];
    const context = values[columns.context];
    const character = values[columns.character];
    return {
      at,
      values: {
        text: values[columns.text] as string,
        ...(typeof own === 'string' && { label: own }),
        ...(!single && { strengths: values[columns.strengths] as Strengths }),
        ...(typeof context === 'string' && { context }),
        ...(typeof character === 'string' && { character }),
      },
    };
  });
  const named = labels ? withNames(checked, labels, problems) : checked;
  if (taxonomy) checkLabels(named, taxonomy, 'add it to labels.txt', problems);
  checkStrongest(named, problems);
  return named.map(({ values }) => values);
}

function withNames(
  rows: readonly CheckedRow<OwnRow>[],
  labels: Readonly<Record<string, string>>,
  problems: ProblemList,
): CheckedRow<OwnRow>[] {
  checkLabels(rows, Object.keys(labels), 'declare it in data.own.labels', problems);
  const nameOf = (value: string) => labels[value] ?? value;
  return rows.map(({ at, values }) => {
    const { label: own, strengths } = values;
    return {
      at,
      values: {
        ...values,
        ...(own !== undefined && { label: nameOf(own) }),
        ...(strengths && { strengths: renamed(strengths, nameOf) }),
      },
    };
  });
}

function checkLabels(
  rows: readonly CheckedRow<OwnRow>[],
  known: readonly string[],
  alternative: string,
  problems: ProblemList,
): void {
  const names = new Set(known);
  for (const { at, values } of rows) {
    for (const name of namesIn(values)) {
      if (names.has(name)) continue;
      problems.add({
        code: 'DATA_UNKNOWN_LABEL',
        given: `${at}, label "${name}"`,
        expected: `one of ${known.join(', ')}`,
        remedy: `Correct it or ${alternative}.${didYouMean(name, known)}`,
      });
    }
  }
}

function namesIn({ label: own, strengths = {} }: OwnRow): Set<string> {
  return new Set([...(own === undefined ? [] : [own]), ...Object.keys(strengths)]);
}

/** A label beside the strengths may choose among those that are equally strong. */
function checkStrongest(rows: readonly CheckedRow<OwnRow>[], problems: ProblemList): void {
  for (const { at, values } of rows) {
    const { label: own, strengths } = values;
    if (own === undefined || !strengths) continue;
    const strongest = strongestOf(strengths, Object.keys(strengths));
    if (strengths[own] === strengths[strongest]) continue;
    problems.add({
      code: 'DATA_LABEL_NOT_STRONGEST',
      given: `${at}, label "${own}" (${strengths[own] ?? 'not among its classes'}) beside ${strongest} ${strengths[strongest]}`,
      expected: 'the strongest of its classes, or no label',
      remedy: 'Correct it, or leave the label out: the strongest class is taken for it.',
    });
  }
}

/**
 * The rows as examples, each with its label and, in multi-label data, the classes that reach the threshold.
 *
 * @param taxonomy of labels.txt; default: the classes that are declared or else those of the examples, in alphabetical order
 */
export function classify(
  rows: Readonly<Record<SplitName, readonly OwnRow[]>>,
  { labels, labelling, threshold }: Declaration,
  taxonomy?: readonly string[],
): Pick<SourceContent, 'labelNames' | 'splits'> {
  const fixed = taxonomy ?? (labels && [...new Set(Object.values(labels))]);
  const all = splitNames.flatMap((name) => rows[name]);
  const known = fixed ?? [...new Set(all.flatMap((row) => [...namesIn(row)]))].sort();
  const toExample = ({ label: own, strengths, ...row }: OwnRow): Example => {
    if (!strengths) return { ...row, label: own as string };
    const strongest = own ?? strongestOf(strengths, known);
    return {
      ...row,
      label: strongest,
      strengths: labelling === 'multi' ? decided(strengths, strongest, threshold) : strengths,
    };
  };
  const splits = mapSplits((name) => rows[name].map(toExample));
  const used = new Set(splitNames.flatMap((name) => splits[name].flatMap((example) => [...namesIn(example)])));
  return { labelNames: fixed ?? known.filter((name) => used.has(name)), splits };
}

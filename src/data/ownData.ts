import { readdir } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { z } from 'zod';
import { didYouMean } from '../didYouMean.ts';
import { stream } from '../random.ts';
import type { Declaration } from './declaration.ts';
import { isFolder } from './isFolder.ts';
import type { Columns } from './parquet.ts';
import { ProblemList } from './problemList.ts';
import { type CheckedRow, checkRows, type Row, readJsonLines, readTable } from './rows.ts';
import { type CorpusSource, type Example, mapSplits, type SplitName, splitNames } from './source.ts';
import { readTaxonomy } from './taxonomy.ts';

const extensions = ['jsonl', 'csv', 'tsv', 'parquet'] as const;
type Extension = (typeof extensions)[number];

const text = z.string().refine((value) => value.trim() !== '', 'a text that is not blank');
const label = z
  .union([z.string().trim(), z.int().transform(String), z.boolean().transform(String)], 'the name of a class')
  .refine((name) => name !== '', 'the name of a class');

/** Whether a file is of a format that {@link fileSource} reads. */
export function isTable(path: string): boolean {
  return extensionOf(path) !== undefined;
}

/**
 * The source of a user's folder: train, test and, unless there is none, validation, each as .jsonl, .csv, .tsv or .parquet, or as the shards
 * (`train-00000-of-00002.parquet`) of a Hugging Face dataset, which may lie in `data`. Fields that are not declared are
 * ignored. With a labels.txt only its classes are allowed and its order numbers them; otherwise the classes are those
 * declared or, in alphabetical order, those of the files.
 */
export function folderSource(folder: string, declaration: Declaration): CorpusSource {
  return {
    async read() {
      const problems = new ProblemList();
      const present = await filesIn(folder);
      const taxonomy = present.includes('labels.txt')
        ? await readTaxonomy(join(folder, 'labels.txt'), problems)
        : undefined;
      const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
      const withoutValidation = hasNoValidation(present);
      for (const split of splitNames) {
        if (split === 'validation' && withoutValidation) continue;
        for (const file of findFiles(folder, split, present, problems)) {
          for (const example of await readExamples(file, declaration, taxonomy, problems)) splits[split].push(example);
        }
      }
      problems.throwIfAny();
      return { ...contentOf(folder, taxonomy ?? labelsOf(splits, declaration), splits), withoutValidation };
    },
  };
}

/** The source of a user's file: one table, divided as is declared. */
export function fileSource(file: string, declaration: Declaration): CorpusSource {
  return {
    async read() {
      const problems = new ProblemList();
      const examples = await readExamples(file, declaration, undefined, problems);
      problems.throwIfAny();
      const splits = divide(examples, declaration.split);
      const withoutValidation = declaration.split.validation === 0;
      return { ...contentOf(file, labelsOf(splits, declaration), splits), withoutValidation };
    },
  };
}

function contentOf(path: string, labelNames: string[], splits: Readonly<Record<SplitName, readonly Example[]>>) {
  const whole = basename(resolve(path));
  const name = isTable(path) ? whole.slice(0, -extname(whole).length) : whole;
  return { name, labelNames, splits, provenance: resolve(path), licence: 'not stated', notes: [] };
}

async function filesIn(folder: string): Promise<string[]> {
  const inData = join(folder, 'data');
  const shards = (await isFolder(inData)) ? await readdir(inData) : [];
  return [...(await readdir(folder)), ...shards.map((name) => join('data', name))];
}

/** Whether there is none, under no usual name: one that is named otherwise is not to be overlooked. */
function hasNoValidation(present: readonly string[]): boolean {
  const usual =
    /^(dev|development|val|valid|validate|validation|eval|evaluation)([._-].*)?\.(jsonl?|csv|tsv|parquet)(\.gz)?$/i;
  const named = present.some((name) => usual.test(basename(name)));
  return !named && candidatesOf('validation', present).length === 0;
}

/** The files that a split may lie in, and its shards. */
function candidatesOf(split: SplitName, present: readonly string[]): string[] {
  const shards = present.some((name) => shardOf(split).test(basename(name)));
  return [...wholeFiles(split, present), ...(shards ? [`${split}-*.parquet`] : [])];
}

function wholeFiles(split: SplitName, present: readonly string[]): string[] {
  return extensions.map((extension) => `${split}.${extension}`).filter((name) => present.includes(name));
}

function shardOf(split: SplitName): RegExp {
  // The hub's older files have a fingerprint behind their number.
  return new RegExp(`^${split}-\\d+-of-(\\d+)(-[0-9a-f]+)?\\.parquet$`);
}

/** The file of a split, or its shards in order. */
function findFiles(folder: string, split: SplitName, present: readonly string[], problems: ProblemList): string[] {
  const whole = wholeFiles(split, present);
  const shard = shardOf(split);
  const shards = present.filter((name) => shard.test(basename(name))).sort();
  const announced = Number(shard.exec(basename(shards[0] ?? ''))?.[1] ?? 0);
  const candidates = candidatesOf(split, present);
  if (shards.length !== announced) {
    problems.add({
      code: 'DATA_MISSING_FILE',
      given: `${shards.length} of ${announced} files ${split}-*.parquet in ${folder}`,
      expected: 'all of them',
      remedy: 'Fetch the dataset anew.',
    });
    return [];
  }
  if (candidates.length === 1) return (whole.length === 1 ? whole : shards).map((name) => join(folder, name));
  problems.add({
    ...(candidates.length === 0
      ? { code: 'DATA_MISSING_FILE', given: `no ${split} file in ${folder}` }
      : { code: 'DATA_AMBIGUOUS_FILE', given: `${candidates.join(' and ')} in ${folder}` }),
    expected: `one of ${extensions.map((e) => `${split}.${e}`).join(', ')}`,
    remedy:
      'A corpus has the files train, test and, where it is needed, validation. A single file can be divided: name it as the source.',
  });
  return [];
}

async function readExamples(
  file: string,
  { columns, labels }: Declaration,
  taxonomy: readonly string[] | undefined,
  problems: ProblemList,
): Promise<Example[]> {
  const schema = z.object({ [columns.text]: text, [columns.label]: label, [columns.context]: z.string().nullish() });
  const required = [columns.text, columns.label];
  const rows = await readRows(file, { required, wanted: Object.values(columns) }, problems);
  const checked = checkRows(rows, schema, problems);
  const examples = checked.map(({ at, values }): CheckedRow<Example> => {
    const own = { text: values[columns.text] as string, label: values[columns.label] as string };
    const context = values[columns.context];
    return { at, values: typeof context === 'string' ? { ...own, context } : own };
  });
  const named = labels ? withNames(examples, labels, problems) : examples;
  if (taxonomy) checkLabels(named, taxonomy, 'add it to labels.txt', problems);
  return named.map(({ values }) => values);
}

async function readRows(file: string, columns: Columns, problems: ProblemList): Promise<Row[]> {
  const extension = extensionOf(file);
  if (extension === 'parquet') return (await import('./parquet.ts')).readParquet(file, columns, problems);
  if (extension === 'csv' || extension === 'tsv') return readTable(file, extension, columns.required, problems);
  return readJsonLines(file, problems);
}

function extensionOf(path: string): Extension | undefined {
  return extensions.find((extension) => extname(path).toLowerCase() === `.${extension}`);
}

function withNames(
  rows: readonly CheckedRow<Example>[],
  labels: Readonly<Record<string, string>>,
  problems: ProblemList,
): CheckedRow<Example>[] {
  checkLabels(rows, Object.keys(labels), 'declare it in data.own.labels', problems);
  return rows.map(({ at, values }) => ({ at, values: { ...values, label: labels[values.label] ?? values.label } }));
}

function checkLabels(
  rows: readonly CheckedRow<Example>[],
  known: readonly string[],
  alternative: string,
  problems: ProblemList,
): void {
  const names = new Set(known);
  for (const { at, values } of rows) {
    if (names.has(values.label)) continue;
    problems.add({
      code: 'DATA_UNKNOWN_LABEL',
      given: `${at}, label "${values.label}"`,
      expected: `one of ${known.join(', ')}`,
      remedy: `Correct it or ${alternative}.${didYouMean(values.label, known)}`,
    });
  }
}

function labelsOf(splits: Readonly<Record<SplitName, readonly Example[]>>, { labels }: Declaration): string[] {
  if (labels) return [...new Set(Object.values(labels))];
  return [...new Set(splitNames.flatMap((split) => splits[split].map((example) => example.label)))].sort();
}

/**
 * Divides each class by the shares; equal texts go with the first of them. What a class has too little of to be divided
 * exactly is made up for by the next class, so that the whole has its shares too.
 */
function divide(
  examples: readonly Example[],
  { validation, test, seed }: Declaration['split'],
): Record<SplitName, Example[]> {
  const textsByLabel = new Map<string, Set<string>>();
  const seen = new Set<string>();
  for (const example of examples) {
    if (seen.has(example.text)) continue;
    seen.add(example.text);
    textsByLabel.set(example.label, (textsByLabel.get(example.label) ?? new Set()).add(example.text));
  }
  const splitOf = new Map<string, SplitName>();
  const due = { test: 0, validation: 0 };
  for (const [name, texts] of textsByLabel) {
    const order = stream(seed, 'split', name).shuffle(texts);
    due.test += test * order.length;
    due.validation += validation * order.length;
    const toTest = Math.min(order.length, Math.round(due.test));
    const toValidation = Math.min(order.length - toTest, Math.round(due.validation));
    due.test -= toTest;
    due.validation -= toValidation;
    order.forEach((own, i) => {
      splitOf.set(own, i < toTest ? 'test' : i < toTest + toValidation ? 'validation' : 'train');
    });
  }
  return mapSplits((split) => examples.filter((example) => splitOf.get(example.text) === split));
}

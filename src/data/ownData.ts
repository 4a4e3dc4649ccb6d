import { readdir } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import type { Declaration } from './declaration.ts';
import { divide } from './divide.ts';
import { isFolder } from './isFolder.ts';
import { classify, type OwnRow, readOwnRows } from './ownRows.ts';
import { ProblemList } from './problemList.ts';
import { type CorpusSource, type SourceContent, type SplitName, splitNames } from './source.ts';
import { isTable, tableFormats } from './tableFile.ts';
import { readTaxonomy } from './taxonomy.ts';

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
      const rows: Record<SplitName, OwnRow[]> = { train: [], validation: [], test: [] };
      const withoutValidation = hasNoValidation(present);
      for (const split of splitNames) {
        if (split === 'validation' && withoutValidation) continue;
        for (const file of findFiles(folder, split, present, problems)) {
          for (const row of await readOwnRows(file, declaration, taxonomy, problems)) rows[split].push(row);
        }
      }
      problems.throwIfAny();
      return { ...about(folder, declaration), ...classify(rows, declaration, taxonomy), withoutValidation };
    },
  };
}

/** The source of a user's file: one table, divided as is declared. */
export function fileSource(file: string, declaration: Declaration): CorpusSource {
  return {
    async read() {
      const problems = new ProblemList();
      const train = await readOwnRows(file, declaration, undefined, problems);
      problems.throwIfAny();
      const { labelNames, splits } = classify({ train, validation: [], test: [] }, declaration);
      const withoutValidation = declaration.split.validation === 0;
      return {
        ...about(file, declaration),
        labelNames,
        splits: divide(splits.train, declaration.split),
        withoutValidation,
      };
    },
  };
}

function about(path: string, { labelling }: Declaration): Omit<SourceContent, 'labelNames' | 'splits'> {
  const whole = basename(resolve(path));
  const name = isTable(path) ? whole.slice(0, -extname(whole).length) : whole;
  return { name, labelling, provenance: resolve(path), licence: 'not stated', notes: [] };
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
  return tableFormats.map((format) => `${split}.${format}`).filter((name) => present.includes(name));
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
    expected: `one of ${tableFormats.map((format) => `${split}.${format}`).join(', ')}`,
    remedy:
      'A corpus has the files train, test and, where it is needed, validation. A single file can be divided: name it as the source.',
  });
  return [];
}

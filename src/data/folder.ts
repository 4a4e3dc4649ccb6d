import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { didYouMean } from '../didYouMean.ts';
import { ProblemList } from './problemList.ts';
import { type CheckedRow, checkRows, type Row, readJsonLines, readTable } from './rows.ts';
import { type CorpusSource, type Example, type SplitName, splitNames } from './source.ts';
import { readTaxonomy } from './taxonomy.ts';

const extensions = ['jsonl', 'csv', 'tsv'] as const;
type Extension = (typeof extensions)[number];

const rowSchema = z.object({
  text: z.string().refine((text) => text.trim() !== '', 'a text that is not blank'),
  label: z
    .union([z.string().trim(), z.int().transform(String)], 'the name of a class')
    .refine((label) => label !== '', 'the name of a class'),
  context: z.string().optional(),
});

/**
 * The source of a user's folder: train, validation and test, each as .jsonl, .csv or .tsv with the fields `text` and
 * `label` and, if there is one, `context`; other fields are ignored. With a labels.txt only its classes are allowed and
 * its order numbers them; otherwise the classes are those of the files, in alphabetical order.
 */
export function folderSource(folder: string): CorpusSource {
  return {
    async read() {
      const problems = new ProblemList();
      const present = await readdir(folder);
      const taxonomy = present.includes('labels.txt')
        ? await readTaxonomy(join(folder, 'labels.txt'), problems)
        : undefined;
      const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
      for (const split of splitNames) {
        const file = findFile(folder, split, present, problems);
        if (file === undefined) continue;
        const rows = checkRows(await readRows(file, problems), rowSchema, problems);
        if (taxonomy) checkLabels(rows, taxonomy, problems);
        splits[split] = rows.map(({ values: { text, label, context } }) =>
          context === undefined ? { text, label } : { text, label, context },
        );
      }
      problems.throwIfAny();
      return {
        name: basename(resolve(folder)),
        labelNames: taxonomy ?? labelsOf(splits),
        splits,
        provenance: resolve(folder),
        licence: 'not stated',
        notes: [],
      };
    },
  };
}

interface SplitFile {
  readonly path: string;
  readonly extension: Extension;
}

function findFile(
  folder: string,
  split: SplitName,
  present: readonly string[],
  problems: ProblemList,
): SplitFile | undefined {
  const candidates = extensions.filter((extension) => present.includes(`${split}.${extension}`));
  const [extension, ...others] = candidates;
  if (extension !== undefined && others.length === 0) {
    return { path: join(folder, `${split}.${extension}`), extension };
  }
  problems.add({
    ...(extension === undefined
      ? { code: 'DATA_MISSING_FILE', given: `no ${split} file in ${folder}` }
      : {
          code: 'DATA_AMBIGUOUS_FILE',
          given: `${candidates.map((c) => `${split}.${c}`).join(' and ')} in ${folder}`,
        }),
    expected: `one of ${extensions.map((e) => `${split}.${e}`).join(', ')}`,
    remedy: 'A corpus has three files: train, validation and test.',
  });
  return undefined;
}

function readRows({ path, extension }: SplitFile, problems: ProblemList): Promise<Row[]> {
  return extension === 'jsonl'
    ? readJsonLines(path, problems)
    : readTable(path, extension, ['text', 'label'], problems);
}

function checkLabels(
  rows: readonly CheckedRow<{ label: string }>[],
  labelNames: readonly string[],
  problems: ProblemList,
): void {
  const known = new Set(labelNames);
  for (const { at, values } of rows) {
    if (known.has(values.label)) continue;
    problems.add({
      code: 'DATA_UNKNOWN_LABEL',
      given: `${at}, label "${values.label}"`,
      expected: `one of ${labelNames.join(', ')}`,
      remedy: `Correct it or add it to labels.txt.${didYouMean(values.label, labelNames)}`,
    });
  }
}

function labelsOf(splits: Readonly<Record<SplitName, readonly Example[]>>): string[] {
  return [...new Set(splitNames.flatMap((split) => splits[split].map(({ label }) => label)))].sort();
}

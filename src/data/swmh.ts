import { join } from 'node:path';
import { z } from 'zod';
import { installedFolder } from './installed.ts';
import { ProblemList } from './problemList.ts';
import { checkRows, readTable } from './rows.ts';
import { type CorpusSource, type Example, type PublicDataset, type SplitName, splitNames } from './source.ts';

const labelNames = ['anxiety', 'bipolar', 'depression', 'offmychest', 'suicidewatch'] as const;
const files: Readonly<Record<SplitName, string>> = { train: 'train.csv', validation: 'val.csv', test: 'test.csv' };

const rowSchema = z.object({
  text: z.string(),
  label: z
    .string()
    .transform((name) => name.trim().toLowerCase().replace('self.', ''))
    .pipe(z.enum(labelNames)),
});

const dataset: PublicDataset = {
  folder: 'swmh',
  title: 'SWMH',
  files: Object.values(files).map((name) => `${name} with the columns text and label`),
  publishedAt: 'its authors, who give access to it on Zenodo (SuicideWatch and Mental Health Collection)',
};

/**
 * Reddit posts by the forum that they were written in (SWMH, Ji et al. 2022, Neural Computing and Applications), from the
 * user's own licensed copy. Its authors' are the three splits and the forums as labels, `self.depression` or `depression`,
 * in small letters or not; ours are the names and the order of the classes, and that posts without a text are left out and
 * counted.
 */
export const swmh: CorpusSource = {
  dataset,
  async read(places) {
    const folder = await installedFolder(places, dataset);
    const problems = new ProblemList();
    const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
    const notes: string[] = [];
    for (const split of splitNames) {
      const rows = await readTable(join(folder, files[split]), 'csv', ['text', 'label'], problems);
      const posts = checkRows(rows, rowSchema, problems).map(({ values }) => ({ ...values, text: values.text.trim() }));
      splits[split] = posts.filter(({ text }) => text !== '');
      const blank = posts.length - splits[split].length;
      if (blank > 0) notes.push(`${split}: ${blank} posts left out that have no text`);
    }
    problems.throwIfAny();
    return {
      name: 'swmh',
      labelNames,
      splits,
      provenance: 'SWMH (Ji et al. 2022), posts by forum',
      licence: 'for research, by agreement with its authors',
      notes,
    };
  },
};

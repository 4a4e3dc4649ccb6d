import { join } from 'node:path';
import { z } from 'zod';
import { type GroupingName, groupingOf } from './groupings.ts';
import { installedFolder } from './installed.ts';
import { ProblemList } from './problemList.ts';
import { checkRows, readHeaderlessTsv } from './rows.ts';
import {
  type CorpusSource,
  type DataPlaces,
  type Example,
  mapSplits,
  type PublicDataset,
  type SourceContent,
  type SplitName,
  splitNames,
} from './source.ts';
import { strongestOf } from './strengths.ts';
import { readTaxonomy } from './taxonomy.ts';

/** A text with every class that its annotators agreed on. */
interface AnnotatedText {
  readonly text: string;
  /** Names of the classes. */
  readonly labels: readonly string[];
}

interface AnnotatedTexts {
  readonly labelNames: readonly string[];
  readonly splits: Readonly<Record<SplitName, readonly AnnotatedText[]>>;
}

const files = { train: 'train.tsv', validation: 'dev.tsv', test: 'test.tsv' } as const;

const published = (commit: string, file: string) =>
  `https://raw.githubusercontent.com/google-research/google-research/${commit}/goemotions/data/${file}`;

const dataset: PublicDataset = {
  folder: 'goemotions',
  title: 'GoEmotions',
  files: [...Object.values(files), 'labels.txt'],
  publishedAt: 'goemotions/data in the public google-research repository on GitHub (there labels.txt is emotions.txt)',
  downloads: [
    {
      name: files.train,
      url: published('2adf640a14f11025ae5a9d0ec493b78530d276d3', 'train.tsv'),
      sha256: '1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5',
      bytes: 3_519_053,
    },
    {
      name: files.validation,
      url: published('2adf640a14f11025ae5a9d0ec493b78530d276d3', 'dev.tsv'),
      sha256: '575489c079c9de1097062a01738f998590d6b7ead66dd1c9fd1d2ba01fd8bc62',
      bytes: 439_059,
    },
    {
      name: files.test,
      url: published('b91598b43297db06cca27a29fe2d0442dffea029', 'test.tsv'),
      sha256: '0587b2dd8b27b97352adbfc3fb083d46005c8946657fdc2b1ca8b1cc7f1f8be4',
      bytes: 436_706,
    },
    {
      name: 'labels.txt',
      url: published('018cbe7892d848bc871d482fd2868089037e375f', 'emotions.txt'),
      sha256: '45c3ef86782d2a4d7fedcd6d8c111aa0d0e94720689bd164fac94fefb4495a89',
      bytes: 248,
    },
  ],
};

const rowSchema = z.object({
  text: z.string().refine((text) => text.trim() !== '', 'a text that is not blank'),
  ids: z.string().regex(/^\d+(,\d+)*$/, 'label ids with commas between'),
});

/**
 * Reads the whole of GoEmotions (Demszky et al. 2020, ACL; arXiv 2005.00547), texts with several classes included, from
 * the files as they are published: train.tsv, dev.tsv and test.tsv (text, label ids, comment id; neither header nor
 * quoting) and labels.txt (names in the order of the ids).
 *
 * @throws UserError DATA_NOT_INSTALLED if there is no such folder; else every problem of the files
 */
export async function readGoEmotions(places: DataPlaces): Promise<AnnotatedTexts> {
  const folder = await installedFolder(places, dataset);
  const problems = new ProblemList();
  const labelNames = await readTaxonomy(join(folder, 'labels.txt'), problems);
  const splits: Record<SplitName, AnnotatedText[]> = { train: [], validation: [], test: [] };
  for (const split of splitNames) {
    const rows = await readHeaderlessTsv(join(folder, files[split]), ['text', 'ids', 'comment'], problems);
    for (const { at, values } of checkRows(rows, rowSchema, problems)) {
      const labels: string[] = [];
      for (const id of values.ids.split(',')) {
        const name = labelNames[Number(id)];
        if (name !== undefined) labels.push(name);
        // Without a taxonomy every row would be wrong, and its absence has been reported.
        else if (labelNames.length > 0) {
          problems.add({
            code: 'DATA_UNKNOWN_LABEL',
            given: `${at}, label id ${id}`,
            expected: `0 to ${labelNames.length - 1}, the lines of labels.txt`,
            remedy: 'Fetch the four files anew; they belong together.',
          });
        }
      }
      splits[split].push({ text: values.text, labels });
    }
  }
  problems.throwIfAny();
  return { labelNames, splits };
}

/** GoEmotions' texts with exactly one class; those with several are left out and counted in the notes. */
export const goEmotions = goEmotionsSource();

/**
 * @param grouping of the classes, within which a text may have several of the emotions; default: the emotions themselves
 */
export function goEmotionsSource(grouping?: GroupingName): CorpusSource {
  return { dataset, read: (places) => readSingleClass(places, grouping) };
}

/**
 * GoEmotions with all classes of each text, in the order of the taxonomy.
 *
 * @param grouping of the classes: a text has the groups of its emotions; default: the emotions themselves
 */
export function goEmotionsMultiSource(grouping?: GroupingName): CorpusSource {
  return { dataset, read: (places) => readAllClasses(places, grouping) };
}

async function readAllClasses(places: DataPlaces, grouping?: GroupingName): Promise<SourceContent> {
  const { labelNames, splits } = await readGoEmotions(places);
  const { groups, groupOf } = groupingOf(grouping, labelNames);
  const withStrengths = ({ text, labels }: AnnotatedText): Example => {
    const strengths = Object.fromEntries(labels.map((name) => [groupOf.get(name) ?? name, 1]));
    return { text, label: strongestOf(strengths, groups), strengths };
  };
  return {
    name: grouping ? `goemotions-multi-${grouping}` : 'goemotions-multi',
    labelNames: groups,
    labelling: 'multi',
    splits: mapSplits((split) => splits[split].map(withStrengths)),
    provenance: `GoEmotions (Demszky et al. 2020), all texts with all their ${grouping ? `groups of labels, by ${grouping}` : 'labels'}`,
    licence: 'CC BY 4.0',
    notes: [],
  };
}

async function readSingleClass(places: DataPlaces, grouping?: GroupingName): Promise<SourceContent> {
  const { labelNames, splits } = await readGoEmotions(places);
  const { groups, groupOf } = groupingOf(grouping, labelNames);
  const single: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
  const notes: string[] = [];
  for (const split of splitNames) {
    const textsByLabels = new Map<number, number>();
    for (const { text, labels } of splits[split]) {
      const [label, ...others] = new Set(labels.map((name) => groupOf.get(name) ?? name));
      if (label !== undefined && others.length === 0) single[split].push({ text, label });
      else textsByLabels.set(others.length + 1, (textsByLabels.get(others.length + 1) ?? 0) + 1);
    }
    if (textsByLabels.size > 0) notes.push(leftOut(split, splits[split].length, textsByLabels));
  }
  return {
    name: grouping ? `goemotions-${grouping}` : 'goemotions',
    labelNames: groups,
    splits: single,
    provenance: `GoEmotions (Demszky et al. 2020), texts with a single ${grouping ? `group of labels, by ${grouping}` : 'label'}`,
    licence: 'CC BY 4.0',
    notes,
  };
}

function leftOut(split: SplitName, texts: number, textsByLabels: ReadonlyMap<number, number>): string {
  const byLabels = [...textsByLabels].sort(([a], [b]) => a - b);
  const count = byLabels.reduce((sum, [, n]) => sum + n, 0);
  const detail = byLabels.map(([labels, n]) => `${n} with ${labels}`).join(', ');
  return `${split}: ${count} of ${texts} texts left out for several labels (${detail})`;
}

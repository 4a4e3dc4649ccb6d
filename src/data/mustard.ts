import { join } from 'node:path';
import { z } from 'zod';
import { installedFolder } from './installed.ts';
import { ProblemList } from './problemList.ts';
import { checkRows } from './rows.ts';
import type { CorpusSource, Example, PublicDataset, SourceContent, SplitName } from './source.ts';
import { readTextFile } from './textFile.ts';

const labelNames = ['not sarcastic', 'sarcastic'];

/** The authors' split_indices.p as JSON: the utterances' ids, and the places of each fold's texts among them. */
const foldsFile = 'folds.json';

const published: PublicDataset = {
  folder: 'mustard',
  title: 'MUStARD',
  files: ['sarcasm_data.json'],
  publishedAt: 'data in the public soujanyaporia MUStARD repository on GitHub',
  downloads: [
    {
      name: 'sarcasm_data.json',
      url: 'https://raw.githubusercontent.com/soujanyaporia/MUStARD/72fd3ebdba130ed309d94843261cbe17cb852374/data/sarcasm_data.json',
      sha256: 'ec9533032c5f143f197cb5fa5d4b29ab9bf56a20b0dc05d5b31d052f5957d39c',
      bytes: 374_629,
    },
  ],
};

/** Its speakers are in no training text. */
const testShow = 'FRIENDS';

const rowSchema = z.object({
  id: z.string(),
  utterance: z.string().refine((text) => text.trim() !== '', 'an utterance that is not blank'),
  speaker: z.string(),
  context: z.array(z.string()),
  show: z.string().min(1),
  sarcasm: z.boolean(),
});

const foldsSchema = z.object({
  ids: z.array(z.string()),
  folds: z.array(z.object({ train: z.array(z.int().min(0)), test: z.array(z.int().min(0)) })).length(5),
});

/**
 * Utterances of television series, sarcastic or not, each with what was said before it and who says it (MUStARD, Castro
 * et al. 2019, ACL). There is no validation split.
 *
 * @param fold 1 to 5, one of the authors' five stratified folds, whose speakers are in both parts; default: speaker-independent,
 * the series Friends is the test and the others are for training
 */
export function mustardSource(fold?: number): CorpusSource {
  const dataset = { ...published, files: [...published.files, ...(fold === undefined ? [] : [foldsFile])] };
  return { dataset, read: async (places) => readMustard(await installedFolder(places, dataset), fold) };
}

async function readMustard(folder: string, fold?: number): Promise<SourceContent> {
  const file = join(folder, 'sarcasm_data.json');
  const problems = new ProblemList();
  const entries = Object.entries(parse(file, await readTextFile(file, problems), problems));
  const testIds = fold === undefined ? undefined : await testIdsOf(join(folder, foldsFile), fold, problems);
  const rows = entries.map(([id, value]) => ({ at: `${file}, ${id}`, values: { ...(value as object), id } }));
  const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
  for (const { values } of checkRows(rows, rowSchema, problems)) {
    const { id, utterance, speaker, context, show, sarcasm } = values;
    splits[(testIds ? testIds.has(id) : show === testShow) ? 'test' : 'train'].push({
      text: utterance.trim(),
      label: labelNames[Number(sarcasm)] as string,
      context: context.join(' '),
      character: speaker,
    });
  }
  problems.throwIfAny();
  return {
    name: fold === undefined ? 'mustard' : `mustard-fold${fold}`,
    labelNames,
    splits,
    withoutValidation: true,
    provenance: `MUStARD (Castro et al. 2019), ${fold === undefined ? 'speaker-independent: Friends is the test' : `fold ${fold} of 5`}`,
    licence: 'MIT',
    notes: [],
  };
}

async function testIdsOf(file: string, fold: number, problems: ProblemList): Promise<ReadonlySet<string>> {
  const text = await readTextFile(file, problems);
  // What keeps it from being read has been reported.
  if (text === '') return new Set();
  const parsed = foldsSchema.safeParse(parse(file, text, problems));
  const { ids, folds } = parsed.data ?? { ids: [], folds: [] };
  const places = folds[fold - 1]?.test ?? [];
  if (!parsed.success || places.some((place) => place >= ids.length)) {
    problems.add({
      code: 'DATA_BAD_FOLDS',
      given: `${file} holds no five folds`,
      expected: '{ "ids": […], "folds": [{ "train": […], "test": […] }, …] } with places among the ids',
      remedy: 'Write it from the split_indices.p that is published beside sarcasm_data.json.',
    });
  }
  return new Set(places.map((place) => ids[place] as string));
}

function parse(file: string, text: string, problems: ProblemList): object {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  problems.add({
    code: 'DATA_BAD_JSON',
    given: `${file} is no JSON object`,
    expected: 'an object of utterances by their ids',
    remedy: 'Fetch the file anew.',
  });
  return {};
}

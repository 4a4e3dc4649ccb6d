import { join } from 'node:path';
import { z } from 'zod';
import { installedFolder } from './installed.ts';
import { mustardFolds } from './mustardFolds.ts';
import { ProblemList } from './problemList.ts';
import { checkRows } from './rows.ts';
import type { CorpusSource, Example, PublicDataset, SourceContent, SplitName } from './source.ts';
import { readTextFile } from './textFile.ts';

const labelNames = ['not sarcastic', 'sarcastic'];

const dataset: PublicDataset = {
  folder: 'mustard',
  title: 'MUStARD',
  files: ['sarcasm_data.json'],
  publishedAt: 'data in the public soujanyaporia MUStARD repository on GitHub',
  downloads: [
    {
      name: 'sarcasm_data.json',
      url: 'https://raw.githubusercontent.com/soujanyaporia/MUStARD/8a8aa29d0aa751a6b50ed0bfa2b9bf43b0908aea/data/sarcasm_data.json',
      sha256: 'ec9533032c5f143f197cb5fa5d4b29ab9bf56a20b0dc05d5b31d052f5957d39c',
      bytes: 374_629,
    },
  ],
};

/** Its speakers are in no training text. */
const testShow = 'FRIENDS';

const rowSchema = z.object({
  place: z.int(),
  utterance: z.string().refine((text) => text.trim() !== '', 'an utterance that is not blank'),
  speaker: z.string(),
  context: z.array(z.string()),
  show: z.string().min(1),
  sarcasm: z.boolean(),
});

/**
 * Utterances of television series, sarcastic or not, each with what was said before it and who says it (MUStARD, Castro
 * et al. 2019, ACL). There is no validation split.
 *
 * @param fold 1 to 5, one of the authors' five folds, whose speakers are in both parts; default: speaker-independent,
 * the series Friends is the test and the others are for training
 */
export function mustardSource(fold?: number): CorpusSource {
  return { dataset, read: async (places) => readMustard(await installedFolder(places, dataset), fold) };
}

async function readMustard(folder: string, fold?: number): Promise<SourceContent> {
  const file = join(folder, 'sarcasm_data.json');
  const problems = new ProblemList();
  const entries = Object.entries(parse(file, await readTextFile(file, problems), problems));
  if (fold !== undefined && entries.length !== mustardFolds.length && entries.length > 0) {
    problems.add({
      code: 'DATA_BAD_FOLDS',
      given: `${file} with ${entries.length} utterances`,
      expected: `the ${mustardFolds.length} that the folds belong to, in their order`,
      remedy: 'Fetch the file anew with: yarn data get mustard.',
    });
  }
  const rows = entries.map(([id, value], place) => ({ at: `${file}, ${id}`, values: { ...(value as object), place } }));
  const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
  for (const { values } of checkRows(rows, rowSchema, problems)) {
    const { place, utterance, speaker, context, show, sarcasm } = values;
    const isTest = fold === undefined ? show === testShow : mustardFolds[place] === String(fold);
    splits[isTest ? 'test' : 'train'].push({
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

import { join } from 'node:path';
import { z } from 'zod';
import { installedFolder } from './installed.ts';
import { ProblemList } from './problemList.ts';
import { checkRows } from './rows.ts';
import type { CorpusSource, Example, SplitName } from './source.ts';
import { readTextFile } from './textFile.ts';

const labelNames = ['not sarcastic', 'sarcastic'];

/** Its speakers are in no training text. */
const testShow = 'FRIENDS';

const rowSchema = z.object({
  utterance: z.string().refine((text) => text.trim() !== '', 'an utterance that is not blank'),
  context: z.array(z.string()),
  show: z.string().min(1),
  sarcasm: z.boolean(),
});

/**
 * Utterances of television series, sarcastic or not, each with what was said before it (MUStARD, Castro et al. 2019,
 * ACL), in the speaker-independent split: the series Friends is the test, the others are for training. There is no
 * validation split.
 */
export const mustard: CorpusSource = {
  async read(places) {
    const folder = await installedFolder(places, {
      folder: 'mustard',
      title: 'MUStARD',
      files: ['sarcasm_data.json'],
      publishedAt: 'data in the public soujanyaporia MUStARD repository',
    });
    const file = join(folder, 'sarcasm_data.json');
    const problems = new ProblemList();
    const entries = Object.entries(parse(file, await readTextFile(file, problems), problems));
    const rows = entries.map(([id, value]) => ({ at: `${file}, ${id}`, values: value as Record<string, unknown> }));
    const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
    for (const { values } of checkRows(rows, rowSchema, problems)) {
      const { utterance, context, show, sarcasm } = values;
      splits[show === testShow ? 'test' : 'train'].push({
        text: utterance.trim(),
        label: labelNames[Number(sarcasm)] as string,
        context: context.join(' '),
      });
    }
    problems.throwIfAny();
    return {
      name: 'mustard',
      labelNames,
      splits,
      withoutValidation: true,
      provenance: 'MUStARD (Castro et al. 2019), speaker-independent: Friends is the test',
      licence: 'MIT',
      notes: [],
    };
  },
};

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

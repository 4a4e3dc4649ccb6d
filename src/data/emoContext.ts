import { join } from 'node:path';
import { z } from 'zod';
import { installedFolder } from './installed.ts';
import { ProblemList } from './problemList.ts';
import { checkRows, readHeaderlessTsv } from './rows.ts';
import { type CorpusSource, type Example, type PublicDataset, type SplitName, splitNames } from './source.ts';

const labelNames = ['others', 'happy', 'sad', 'angry'] as const;
const files: Readonly<Record<SplitName, string>> = { train: 'train.txt', validation: 'dev.txt', test: 'test.txt' };

const rowSchema = z.object({
  turn1: z.string(),
  turn2: z.string(),
  turn3: z.string().refine((text) => text.trim() !== '', 'a third turn that is not blank'),
  label: z.enum(labelNames),
});

/** What stands for bytes that were lost before the data were published. */
const replacement = '\uFFFD';

const dataset: PublicDataset = {
  folder: 'emocontext',
  title: 'EmoContext',
  files: Object.values(files),
  publishedAt: "SemEval-2019's task 3",
};

/**
 * The third turns of conversations of two, with the first two as context (EmoContext, Chatterjee et al. 2019, SemEval
 * task 3): lines `id TAB turn TAB turn TAB turn TAB label`. Texts with characters that were lost are kept, and counted.
 */
export const emoContext: CorpusSource = {
  dataset,
  async read(places) {
    const folder = await installedFolder(places, dataset);
    const problems = new ProblemList();
    const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
    const notes: string[] = [];
    for (const split of splitNames) {
      const columns = ['id', 'turn1', 'turn2', 'turn3', 'label'];
      const rows = await readHeaderlessTsv(join(folder, files[split]), columns, problems);
      for (const { values } of checkRows(rows, rowSchema, problems)) {
        const { turn1, turn2, turn3, label } = values;
        splits[split].push({ text: turn3.trim(), label, context: `${turn1.trim()}\n${turn2.trim()}` });
      }
      const damaged = splits[split].filter(({ text }) => text.includes(replacement)).length;
      if (damaged > 0) notes.push(`${split}: ${damaged} texts with characters that were lost (U+FFFD)`);
    }
    problems.throwIfAny();
    return {
      name: 'emocontext',
      labelNames,
      splits,
      provenance: 'EmoContext (Chatterjee et al. 2019, SemEval-2019 task 3), third turns',
      licence: 'not stated',
      notes,
    };
  },
};

import { join } from 'node:path';
import { installedFolder } from './installed.ts';
import { labelledLines } from './labelledLines.ts';
import { ProblemList } from './problemList.ts';
import { type CorpusSource, type Example, mapSplits } from './source.ts';

const labelNames = ['negative', 'positive'];

/** Sentences of film reviews, negative or positive (Socher et al. 2013, EMNLP), sentence level: lines `text TAB 0|1`. */
export const sst2: CorpusSource = {
  async read(places) {
    const folder = await installedFolder(places, {
      folder: 'sst2',
      title: 'SST-2 on sentence level',
      files: ['train.tsv', 'dev.tsv', 'test.tsv'],
      publishedAt: 'a public copy (6,920, 872 and 1,821 lines of text and 0 or 1)',
    });
    const problems = new ProblemList();
    const read = (file: string) => labelledLines(join(folder, file), '\t', ['0', '1'], problems);
    const lines = { train: await read('train.tsv'), validation: await read('dev.tsv'), test: await read('test.tsv') };
    problems.throwIfAny();
    const named = ({ text, label }: Example): Example => ({ text, label: labelNames[Number(label)] as string });
    return {
      name: 'sst2',
      labelNames,
      splits: mapSplits((split) => lines[split].map(named)),
      provenance: 'SST-2 (Socher et al. 2013), sentence level',
      licence: 'none found',
      notes: [],
    };
  },
};

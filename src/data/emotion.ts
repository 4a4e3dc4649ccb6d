import { join } from 'node:path';
import { installedFolder } from './installed.ts';
import { labelledLines } from './labelledLines.ts';
import { ProblemList } from './problemList.ts';
import type { CorpusSource } from './source.ts';

const labelNames = ['sadness', 'joy', 'love', 'anger', 'fear', 'surprise'];

/** English tweets of six emotions (Saravia et al. 2018, EMNLP), in the split of dair-ai: lines `text;label`. */
export const emotion: CorpusSource = {
  async read(places) {
    const folder = await installedFolder(places, {
      folder: 'emotion',
      title: 'the emotion dataset',
      files: ['train.txt', 'val.txt', 'test.txt'],
      publishedAt: "dair-ai's public emotion dataset",
    });
    const problems = new ProblemList();
    const read = (file: string) => labelledLines(join(folder, file), ';', labelNames, problems);
    const splits = { train: await read('train.txt'), validation: await read('val.txt'), test: await read('test.txt') };
    problems.throwIfAny();
    return {
      name: 'emotion',
      labelNames,
      splits,
      provenance: 'emotion (Saravia et al. 2018), split of dair-ai',
      licence: 'for educational and research purposes, as its publisher states',
      notes: [],
    };
  },
};

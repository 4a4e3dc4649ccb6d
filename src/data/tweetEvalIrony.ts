import { join } from 'node:path';
import { installedFolder } from './installed.ts';
import { ProblemList } from './problemList.ts';
import { type CorpusSource, type Example, type SplitName, splitNames } from './source.ts';
import { readTextFile } from './textFile.ts';

const labelNames = ['not ironic', 'ironic'];
const prefixes: Readonly<Record<SplitName, string>> = { train: 'train', validation: 'val', test: 'test' };

/**
 * Tweets, ironic or not (Van Hee et al. 2018, SemEval task 3A), as TweetEval holds them (Barbieri et al. 2020): a file
 * of texts and one of labels a split. The space at the end of each text is taken off; HTML entities stay.
 */
export const tweetEvalIrony: CorpusSource = {
  async read(places) {
    const folder = await installedFolder(places, {
      folder: 'tweeteval-irony',
      title: "TweetEval's irony task",
      files: splitNames.flatMap((split) => [`${prefixes[split]}_text.txt`, `${prefixes[split]}_labels.txt`]),
      publishedAt: 'datasets/irony of the public cardiffnlp tweeteval repository',
    });
    const problems = new ProblemList();
    const splits: Record<SplitName, Example[]> = { train: [], validation: [], test: [] };
    for (const split of splitNames) splits[split] = await readSplit(join(folder, prefixes[split]), problems);
    problems.throwIfAny();
    return {
      name: 'tweeteval-irony',
      labelNames,
      splits,
      provenance: 'TweetEval irony (Van Hee et al. 2018; Barbieri et al. 2020)',
      licence: "the original task's and Twitter's terms",
      notes: [],
    };
  },
};

async function readSplit(prefix: string, problems: ProblemList): Promise<Example[]> {
  const [textFile, labelFile] = [`${prefix}_text.txt`, `${prefix}_labels.txt`];
  const [texts, labels] = [await linesOf(textFile, problems), await linesOf(labelFile, problems)];
  if (texts.length !== labels.length) {
    problems.add({
      code: 'DATA_LINES_DIFFER',
      given: `${textFile} has ${texts.length} lines, ${labelFile} ${labels.length}`,
      expected: 'a label for each text',
      remedy: 'Fetch both files anew; they belong together.',
    });
    return [];
  }
  return texts.flatMap((text, i) => {
    const label = /^[01]$/.test(labels[i] ?? '') ? labelNames[Number(labels[i])] : undefined;
    if (text !== '' && label !== undefined) return [{ text, label }];
    problems.add({
      code: label === undefined ? 'DATA_UNKNOWN_LABEL' : 'DATA_BAD_ROW',
      given: label === undefined ? `${labelFile}:${i + 1}, label "${labels[i]}"` : `${textFile}:${i + 1} has no text`,
      expected: label === undefined ? '0 or 1' : 'a text that is not blank',
      remedy: 'Fetch both files anew; they belong together.',
    });
    return [];
  });
}

async function linesOf(file: string, problems: ProblemList): Promise<string[]> {
  const text = (await readTextFile(file, problems)).replace(/\r?\n$/, '');
  return text === '' ? [] : text.split(/\r?\n/).map((line) => line.trim());
}

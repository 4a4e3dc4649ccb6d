import { join } from 'node:path';
import { installedFolder } from './installed.ts';
import { ProblemList } from './problemList.ts';
import {
  type CorpusSource,
  type Example,
  type PublicDataset,
  type PublishedFile,
  type SplitName,
  splitNames,
} from './source.ts';
import { readTextFile } from './textFile.ts';

const labelNames = ['not ironic', 'ironic'];
const prefixes: Readonly<Record<SplitName, string>> = { train: 'train', validation: 'val', test: 'test' };

const published = (name: string, sha256: string, bytes: number): PublishedFile => ({
  name,
  url: `https://raw.githubusercontent.com/cardiffnlp/tweeteval/8df207ad6fcdab017000ad5196f797cd21f9a30f/datasets/irony/${name}`,
  sha256,
  bytes,
});

const downloads = [
  published('train_text.txt', 'a888125a44f7dfaa25b026318748d0e62cc9a300d20f66eafd62011a19eaea23', 231_594),
  published('train_labels.txt', 'fc69e6106c0f1f433a91536e08f83c71a391d7b219f7684d42f243a8089af77d', 5_724),
  published('val_text.txt', '8806cf3793e300a485cfae34892fc3a0a2f9a183deb06c750c6531515c83051e', 76_760),
  published('val_labels.txt', 'ccf429f63b4e8d0e7f425ca09445f7c31f7cea8a1b7c283b015b117c4002fd07', 1_910),
  published('test_text.txt', '53103da934a7308eee82f05f2a9781a8ea3e88604fdc1e02d3101108505c64be', 68_057),
  published('test_labels.txt', '08e2095e1725e74907a380614c220204e356bb46e3e8c93deb74e83e5b15ab38', 1_568),
];

const dataset: PublicDataset = {
  folder: 'tweeteval-irony',
  title: "TweetEval's irony task",
  files: downloads.map(({ name }) => name),
  publishedAt: 'datasets/irony of the public cardiffnlp tweeteval repository on GitHub',
  downloads,
};

/**
 * Tweets, ironic or not (Van Hee et al. 2018, SemEval task 3A), as TweetEval holds them (Barbieri et al. 2020): a file
 * of texts and one of labels a split. The space at the end of each text is taken off; HTML entities stay.
 */
export const tweetEvalIrony: CorpusSource = {
  dataset,
  async read(places) {
    const folder = await installedFolder(places, dataset);
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

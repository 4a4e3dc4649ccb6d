import { join } from 'node:path';
import { didYouMean } from '../didYouMean.ts';
import { installedFolder } from './installed.ts';
import { ProblemList } from './problemList.ts';
import { type CorpusSource, type Example, mapSplits, type SourceContent, type SplitName } from './source.ts';
import { readTextFile } from './textFile.ts';

/** A public dataset of three files of labelled lines. */
interface LabelledLinesDataset extends Pick<SourceContent, 'name' | 'provenance' | 'licence'> {
  readonly title: string;
  readonly files: Readonly<Record<SplitName, string>>;
  readonly publishedAt: string;
  /** Between text and label. */
  readonly separator: string;
  /** Names of the classes by the labels in the files, in the order that numbers the classes. */
  readonly labels: ReadonlyMap<string, string>;
}

/** The source of such a dataset, in the folder of its name. */
export function labelledLinesSource(lines: LabelledLinesDataset): CorpusSource {
  const { name, title, files, publishedAt, separator, labels, provenance, licence } = lines;
  const dataset = { folder: name, title, files: Object.values(files), publishedAt };
  return {
    dataset,
    async read(places) {
      const folder = await installedFolder(places, dataset);
      const problems = new ProblemList();
      const read = (split: SplitName) =>
        labelledLines(join(folder, files[split]), separator, [...labels.keys()], problems);
      const found = { train: await read('train'), validation: await read('validation'), test: await read('test') };
      problems.throwIfAny();
      const named = ({ text, label }: Example): Example => ({ text, label: labels.get(label) ?? label });
      const splits = mapSplits((split) => found[split].map(named));
      return { name, labelNames: [...labels.values()], splits, provenance, licence, notes: [] };
    },
  };
}

/** Reads lines of a text, a separator and a label; the last separator of a line counts. Blank lines are passed over. */
export async function labelledLines(
  file: string,
  separator: string,
  labelNames: readonly string[],
  problems: ProblemList,
): Promise<Example[]> {
  const examples: Example[] = [];
  for (const [i, line] of (await readTextFile(file, problems)).split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const at = `${file}:${i + 1}`;
    const end = line.lastIndexOf(separator);
    const text = line.slice(0, Math.max(0, end)).trim();
    const label = line.slice(end + 1).trim();
    if (text === '') {
      problems.add({
        code: 'DATA_BAD_ROW',
        given: `${at} ${end < 0 ? `has no ${JSON.stringify(separator)}` : 'has no text'}`,
        expected: `a text, ${JSON.stringify(separator)} and a label`,
        remedy: 'Mend or remove the line.',
      });
    } else if (!labelNames.includes(label)) {
      problems.add({
        code: 'DATA_UNKNOWN_LABEL',
        given: `${at}, label "${label}"`,
        expected: `one of ${labelNames.join(', ')}`,
        remedy: `Correct it.${didYouMean(label, labelNames)}`,
      });
    } else examples.push({ text, label });
  }
  return examples;
}

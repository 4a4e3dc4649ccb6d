import { didYouMean } from '../didYouMean.ts';
import type { ProblemList } from './problemList.ts';
import type { Example } from './source.ts';
import { readTextFile } from './textFile.ts';

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

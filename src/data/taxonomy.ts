import type { ProblemList } from './problemList.ts';
import { readTextFile } from './textFile.ts';

/** Reads a labels.txt: a class name a line, in the order that numbers the classes; DATA_REPEATED_LABEL if one recurs. */
export async function readTaxonomy(file: string, problems: ProblemList): Promise<string[]> {
  const names = (await readTextFile(file, problems))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  for (const name of new Set(names.filter((name, i) => names.indexOf(name) !== i))) {
    problems.add({
      code: 'DATA_REPEATED_LABEL',
      given: `${file} names "${name}" more than once`,
      expected: 'each class once',
      remedy: 'Remove the repetition.',
    });
  }
  return names;
}

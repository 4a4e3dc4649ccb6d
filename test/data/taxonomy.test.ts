import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ProblemList } from '../../src/data/problemList.ts';
import { readTaxonomy } from '../../src/data/taxonomy.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

it('reads a class a line in their order, without blanks', async () => {
  const folder = await temporaryFolder({ 'labels.txt': 'joy\r\n\n  deep sorrow \nanger' });
  expect(await readTaxonomy(join(folder, 'labels.txt'), new ProblemList())).toEqual(['joy', 'deep sorrow', 'anger']);
});

it('reports repeated classes, each once', async () => {
  const folder = await temporaryFolder({ 'labels.txt': 'joy\nfear\njoy\njoy\nfear\n' });
  const problems = new ProblemList();
  await readTaxonomy(join(folder, 'labels.txt'), problems);
  expect(summaries(await problemsOf((async () => problems.throwIfAny())()), folder)).toEqual([
    'DATA_REPEATED_LABEL: labels.txt names "joy" more than once',
    'DATA_REPEATED_LABEL: labels.txt names "fear" more than once',
  ]);
});

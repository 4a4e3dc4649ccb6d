import { readdirSync, readFileSync } from 'node:fs';
import type { Experiment } from '../../src/sweep/experiment.ts';

const folder = new URL('../../experiments/', import.meta.url);

/** The experiments that come with the project, by their files; other scripts that lie beside them are left out. */
export async function projectExperiments(): Promise<[file: string, experiment: Experiment][]> {
  const files = ['', 'paper/'].flatMap((place) => readdirSync(new URL(place, folder)).map((name) => place + name));
  const found: [string, Experiment][] = [];
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const { href } = new URL(file, folder);
    if (!readFileSync(new URL(href), 'utf8').includes('export default defineExperiment(')) continue;
    found.push([file, ((await import(href)) as { readonly default: Experiment }).default]);
  }
  return found;
}

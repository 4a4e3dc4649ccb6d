import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { didYouMean } from '../didYouMean.ts';
import { UserError } from '../errors.ts';
import type { Experiment } from '../sweep/experiment.ts';

/**
 * The default export of an experiment's file; what it holds is checked when it is planned.
 *
 * @throws UserError EXPERIMENT_NOT_FOUND, EXPERIMENT_UNREADABLE, EXPERIMENT_WITHOUT_DEFAULT
 */
export async function loadExperiment(file: string): Promise<Experiment> {
  if (!existsSync(file)) {
    const folder = dirname(file);
    const siblings = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ts')) : [];
    throw new UserError({
      code: 'EXPERIMENT_NOT_FOUND',
      given: file,
      expected: 'the file of an experiment',
      remedy: `Begin with experiments/retrofit.ts or a copy of experiments/forkMe.ts.${didYouMean(basename(file), siblings)}`,
    });
  }
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(resolve(file)).href);
  } catch (error) {
    throw new UserError({
      code: 'EXPERIMENT_UNREADABLE',
      given: `${file} (${error instanceof Error ? error.message.split('\n', 2).join(' ') : String(error)})`,
      expected: 'a TypeScript module that loads',
      remedy: 'Check it with: yarn tsc.',
    });
  }
  if (typeof module.default !== 'object' || module.default === null) {
    throw new UserError({
      code: 'EXPERIMENT_WITHOUT_DEFAULT',
      given: file,
      expected: 'export default defineExperiment({ … })',
      remedy: 'Compare with experiments/forkMe.ts.',
    });
  }
  return module.default as Experiment;
}

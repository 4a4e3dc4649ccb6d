import { expect } from 'vitest';
import { type Problem, UserError } from '../../src/errors.ts';

/** The problems that something reports. Anything but a UserError fails the test, and so does success. */
export async function problemsOf(work: Promise<unknown>): Promise<readonly Problem[]> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(UserError);
  return outcome instanceof UserError ? outcome.problems : [];
}

/** Code and what was given, the folder left out. */
export function summaries(problems: readonly Problem[], folder: string): string[] {
  return problems.map(({ code, given }) => `${code}: ${given.replaceAll(`${folder}/`, '').replaceAll(folder, '.')}`);
}

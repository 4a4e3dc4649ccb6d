import { expect, it } from 'vitest';
import { startNode } from '../engine/native/checkout.ts';

const repository = new URL('../..', import.meta.url).pathname;

function runMain(main: string) {
  const program = `
    import { runCli, usageProblem } from './src/cli/run.ts';
    import { UserError } from './src/errors.ts';
    await runCli(async () => { ${main} });`;
  return startNode(['--import', 'tsx', '--input-type=module', '--eval', program], repository, process.env).outcome;
}

it('exits with what the command returns', async () => {
  expect(await runMain('return 7;')).toMatchObject({ exitCode: 7, stdout: '', stderr: '' });
});

it('prints each of the user’s mistakes as a line, and exits with 2', async () => {
  const problem = (code: string) => `{ code: '${code}', given: 'a', expected: 'b', remedy: 'Do c.' }`;
  const outcome = await runMain(`throw new UserError([${problem('X')}, ${problem('Y')}]);`);
  expect(outcome).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: 'X: a; expected b. Do c.\nY: a; expected b. Do c.\n',
  });
});

it('prints anything else with its stack, and exits with 1', async () => {
  const { exitCode, stderr } = await runMain(`throw new TypeError('broken');`);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^Unexpected: TypeError: broken\n +at /);
});

it('puts what yargs says into one line', async () => {
  const { stderr } = await runMain(`throw usageProblem('Invalid values:\\n  Argument: x', 'yarn y --help');`);
  expect(stderr).toBe(
    'USAGE: Invalid values: Argument: x; expected a command line as its help describes it. See: yarn y --help\n',
  );
});

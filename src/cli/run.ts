import process from 'node:process';
import { formatProblem, UserError } from '../errors.ts';

/**
 * Runs a command to its end and sets the process's exit code: what `main` returns; 2 for the user's mistakes, printed
 * one a line without a stack; 1 for anything unexpected, with its stack.
 */
export async function runCli(main: () => Promise<number>): Promise<void> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  try {
    process.exitCode = await main();
  } catch (error) {
    if (error instanceof UserError) {
      for (const problem of error.problems) console.error(formatProblem(problem));
      process.exitCode = 2;
    } else {
      console.error(`Unexpected: ${error instanceof Error ? error.stack : error}`);
      process.exitCode = 1;
    }
  }
}

/** What yargs says of a command line that it does not understand, as the user's mistake. */
export function usageProblem(message: string, help: string): UserError {
  return new UserError({
    code: 'USAGE',
    given: message.replace(/\s+/g, ' ').replace(/\.$/, ''),
    expected: 'a command line as its help describes it',
    remedy: `See: ${help}`,
  });
}

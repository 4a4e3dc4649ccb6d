import process from 'node:process';
import yargs, { type Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { formatProblem, UserError } from '../errors.ts';

/**
 * Runs a command to its end and sets the process's exit code: what `main` returns; 2 for the user's mistakes, printed
 * one a line without a stack; 1 for anything unexpected, with its stack.
 */
export async function runCli(main: () => Promise<number>): Promise<void> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    const given = `standard output (${error.code})`;
    const remedy = 'Make room, or send it elsewhere.';
    console.error(formatProblem({ code: 'OUTPUT_NOT_WRITABLE', given, expected: 'room for what is printed', remedy }));
    process.exit(2);
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

/** Where sweeps leave their results, and where the other commands look for them. */
export const defaultResults = 'results';

const widest = 110;

/**
 * The parser of this process's arguments, to which a command adds its own: strict, as wide as the terminal up to 110
 * columns, and every misuse a UserError.
 *
 * @param name how the command is typed, e.g. `yarn sweep`
 * @param repeatable options that may be given several times; any other only once
 */
export function argumentParser(name: string, repeatable: readonly string[] = []): Argv {
  return yargs(hideBin(process.argv))
    .scriptName(name)
    .strict()
    .wrap(Math.min(widest, process.stdout.columns ?? widest))
    .version(false)
    .exitProcess(false)
    .check((args) => {
      // yargs makes a list of an option that is given twice.
      const repeated = Object.keys(args).filter(
        (option) => /^[a-z-]+$/.test(option) && !repeatable.includes(option) && Array.isArray(args[option]),
      );
      if (repeated.length > 0) throw usageProblem(`--${repeated.join(' and --')} more than once`, `${name} --help`);
      return true;
    })
    .fail((message, error) => {
      // yargs has an error class of its own for some of what it does not understand.
      throw error && error.name !== 'YError' ? error : usageProblem(message, `${name} --help`);
    });
}

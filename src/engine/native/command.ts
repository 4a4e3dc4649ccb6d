import { spawn } from 'node:child_process';

/** A program and the arguments that it always gets, e.g. `['python3', '-m', 'pip']`. */
export type Command = readonly [program: string, ...first: string[]];

/** A command that could not be run or did not succeed. */
export class CommandError extends Error {
  /** Everything it printed. */
  readonly output: string;

  constructor(message: string, output: string) {
    super(message);
    this.name = 'CommandError';
    this.output = output;
  }
}

/** Runs a command to its end and returns what it printed, standard output and standard error together. */
export function run(
  [program, ...first]: Command,
  rest: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...first, ...rest], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', (error) => reject(new CommandError(`${program}: ${error.message}`, output)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new CommandError(`${program} ended with ${signal ?? `exit code ${code}`}`, output));
    });
  });
}

/** The first of the candidates that runs with these arguments and succeeds. */
export async function firstThatRuns(
  candidates: readonly Command[],
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<Command | undefined> {
  for (const candidate of candidates) {
    const works = await run(candidate, args, environment).then(
      () => true,
      () => false,
    );
    if (works) return candidate;
  }
  return undefined;
}

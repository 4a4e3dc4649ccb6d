import process from 'node:process';
import { hideBin } from 'yargs/helpers';

/**
 * The command of this process as it can be typed again.
 *
 * @param name how the command is typed, e.g. `yarn sweep`
 * @param without a flag that is left out
 */
export function commandLine(name: string, without?: string): string {
  const isLeftOut = (arg: string) => without !== undefined && (arg === without || arg.startsWith(`${without}=`));
  const args = hideBin(process.argv).filter((arg) => !isLeftOut(arg));
  return [name, ...args.map(shellWord)].join(' ');
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w./:=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

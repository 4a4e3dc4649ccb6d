import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Measurement, measurementSchema } from './workload.ts';

/** A program that works off a workload in a process of its own. */
export interface Contender {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

export const ours: Contender = {
  name: 'contrafit',
  command: [process.execPath, '--import', 'tsx', here('ours.ts')],
};

export function peer(python: string): Contender {
  return { name: 'PyTorch', command: [python, here('peer.py')] };
}

/** What the peer's interpreter lacks, or undefined if it has all. */
export function missingIn(python: string): Promise<string | undefined> {
  const program = 'import torch, transformers, sentence_transformers, pytorch_metric_learning';
  return output([python, '-c', program]).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

export async function measure({ command }: Contender, workloadFile: string): Promise<Measurement> {
  const printed = await output([...command, workloadFile]);
  return measurementSchema.parse(JSON.parse(printed.trim().split('\n').at(-1) ?? ''));
}

/** Standard output of a command, run in the project's folder; its standard error is in the message if it fails. */
export async function output([program, ...args]: readonly [string, ...string[]]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: here('../..'), maxBuffer: 2 ** 28 });
  return stdout;
}

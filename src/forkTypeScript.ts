import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts a process that runs a TypeScript module of this project; messages are passed by structured clone. */
export function forkTypeScript(entry: URL, options: Pick<ForkOptions, 'stdio' | 'env'>): ChildProcess {
  const child = fork(fileURLToPath(entry), [], {
    execArgv: ['--import', import.meta.resolve('tsx/esm')],
    serialization: 'advanced',
    ...options,
  });
  // Without a listener a process that cannot be created would end this one.
  child.on('error', () => {});
  return child;
}

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Starts a worker's process, which loads its code and then waits for its set-up. This file loads next to nothing, so that
 * a command can start its first worker before it loads the rest of itself.
 */
export function forkWorker(): ChildProcess {
  const child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [], {
    execArgv: ['--import', import.meta.resolve('tsx/esm')],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  // Without a listener a process that cannot be created would end this one.
  child.on('error', () => {});
  return child;
}

import type { ChildProcess } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import { forkTypeScript } from '../forkTypeScript.ts';

/** A process that loads a worker's code and then waits for its set-up. */
export interface WorkerProcess {
  readonly process: ChildProcess;
  /** What it prints, from its first byte on; ends when it is gone. */
  readonly output: Readable;
}

/**
 * Starts a worker's process. This file loads next to nothing, so that a command can start its first worker before it loads
 * the rest of itself.
 */
export function forkWorker(): WorkerProcess {
  const child = forkTypeScript(new URL('worker.ts', import.meta.url), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const output = new PassThrough();
  for (const stream of [child.stdout, child.stderr]) stream?.pipe(output, { end: false });
  child.once('close', () => output.end());
  return { process: child, output };
}

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineInfo, EngineRequest } from './engine.ts';

/** What came of starting an engine and multiplying on it. */
export type TrialOutcome =
  | {
      readonly works: true;
      readonly engine: EngineInfo;
      /** Rows and columns of the square matrices that were multiplied. */
      readonly size: number;
      readonly gflops: number;
    }
  | {
      readonly works: false;
      readonly reason: string;
      /** Whether the hardware lacks it, so that nothing is broken. */
      readonly unsupported: boolean;
    };

export type Trial = TrialOutcome & {
  /** What the engine's library printed, its own logs included. */
  readonly log: string;
};

/**
 * Tries an engine in a process of its own, so that neither its threads nor its crash is this process's. Never throws:
 * a process that dies is an engine that does not work.
 */
export function tryEngine(request: EngineRequest): Promise<Trial> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL('trialProcess.ts', import.meta.url)), {
      execArgv: ['--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let log = '';
    let outcome: TrialOutcome | undefined;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
    }
    child.on('message', (message: TrialOutcome) => {
      outcome = message;
    });
    child.on('close', (code, signal) => {
      const death = `its process ended with ${signal ?? `exit code ${code}`}`;
      resolve({ ...(outcome ?? { works: false, reason: death, unsupported: false }), log: log.trim() });
    });
    // That a process could not be reached shows in how it ends.
    child.send(request, () => {});
  });
}

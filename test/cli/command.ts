import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** The project's folder, in which the commands run. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The experiment of these suites. */
export const tiny = 'test/cli/fixtures/tiny.ts';

/** Flags that leave one grid point with one seed of it. */
export const onePoint = [
  ...['--seeds', '1', '--workers', '1'],
  ...['--set', 'objective.supCon.temperature=0.1', '--set', 'objective.vectorSpacePreservation.weight=0'],
];

export interface Finished {
  /** Null if a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly pid: number;
  /** Standard output so far. */
  readonly printed: () => string;
  /** Sends a signal to the command and all its processes, as Ctrl-C in a terminal does. */
  readonly interrupt: (signal: NodeJS.Signals) => void;
  readonly finished: Promise<Finished>;
}

/** A folder that is removed after the last test of the file or of the `describe` that asks for it. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'contrafit-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Node's arguments to run TypeScript: at once, or as `yarn sweep` does it, in a second process that gets the signals. */
const launchers = {
  node: ['--import', 'tsx'],
  tsx: [createRequire(import.meta.url).resolve('tsx/cli')],
} as const;

interface CommandOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly launcher?: keyof typeof launchers;
  /** Standard input. Default: none. */
  readonly input?: string;
}

/** Starts `yarn sweep` as a process of its own. */
export function startSweep(args: readonly string[], options: CommandOptions = {}): Running {
  return startCommand('sweep', args, options);
}

/** Away from the environment, the caches and the terminal of the tests. */
function startCommand(
  name: 'sweep' | 'predict',
  args: readonly string[],
  { environment = {}, launcher = 'node', input }: CommandOptions,
): Running {
  const { PATH, TMPDIR, LD_LIBRARY_PATH } = process.env;
  const home = join(tmpdir(), 'contrafit-cli-without-home');
  const child = spawn(process.execPath, [...launchers[launcher], `src/cli/${name}.ts`, ...args], {
    cwd: root,
    env: { PATH, TMPDIR, LD_LIBRARY_PATH, HOME: home, HF_HUB_OFFLINE: '1', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    // In a process group of its own, so that it can be interrupted alone.
    detached: true,
  });
  child.stdin.end(input);
  const { pid } = child;
  if (pid === undefined) throw new Error('the command did not start');
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return {
    pid,
    printed: () => output.stdout,
    interrupt: (signal) => process.kill(-pid, signal),
    finished: closed(child).then((code) => ({ code, ...output })),
  };
}

/** Runs `yarn sweep` to its end. */
export function sweep(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Finished> {
  return startSweep(args, environment && { environment }).finished;
}

/**
 * Runs `yarn predict` to its end.
 *
 * @param input standard input; default: none
 */
export function predict(args: readonly string[], input?: string): Promise<Finished> {
  return startCommand('predict', args, input === undefined ? {} : { input }).finished;
}

function closed(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
}

/** Waits until `condition` gives something. The time limit is the test's. */
export async function until<T>(condition: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    await setTimeout(20);
  }
}

/** Processes that a process has started, and those that they have started, if they are not gone. Linux only. */
export function descendantsOf(ancestor: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map(pids.map((pid) => [Number(pid), statusOf(Number(pid))?.parent]));
  const childrenOf = (parent: number): number[] =>
    [...parents].filter(([, its]) => its === parent).flatMap(([pid]) => [pid, ...childrenOf(pid)]);
  return childrenOf(ancestor);
}

/** Whether a process is still there; one that only waits to be reaped is not. Linux only. */
export function isAlive(pid: number): boolean {
  const status = statusOf(pid);
  return status !== undefined && status.state !== 'Z';
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; the name of the program may hold any character. */
function statusOf(pid: number): { state: string; parent: number } | undefined {
  const file = `/proc/${pid}/stat`;
  try {
    const [state = '', parent] = readFileSync(file, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** A cell that is being trained: at least one step is in its journal. */
export interface CellAtWork {
  readonly id: string;
  /** The worker. */
  readonly pid: number;
}

/** Waits for one. */
export function cellAtWork(folder: string): Promise<CellAtWork> {
  return until(() => cellsAtWork(folder)[0]);
}

export function cellsAtWork(folder: string): CellAtWork[] {
  const cells = join(folder, 'cells');
  return (existsSync(cells) ? readdirSync(cells) : []).flatMap((name) => {
    const [, id, pid] = /^\.([0-9a-f]+)\.(\d+)$/.exec(name) ?? [];
    return id && hasStep(join(cells, name, 'journal.jsonl')) ? [{ id, pid: Number(pid) }] : [];
  });
}

function hasStep(journal: string): boolean {
  try {
    return readFileSync(journal, 'utf8').includes('"type":"step"');
  } catch {
    // Not there yet, or finished and gone meanwhile.
    return false;
  }
}

/** When each file of an experiment's finished cells was written, in milliseconds since 1970. */
export function stampsIn(folder: string): Map<string, number> {
  const cells = join(folder, 'cells');
  const files = readdirSync(cells, { recursive: true, encoding: 'utf8' }).filter((file) => !file.startsWith('.'));
  return new Map(files.map((file) => [file, statSync(join(cells, file)).mtimeMs]));
}

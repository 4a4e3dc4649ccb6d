import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { apiKey } from './server.ts';

/** How a process of the official client ended. */
export interface Ended {
  /** Null if it was killed for taking too long. */
  readonly code: number | null;
  /** Standard output and standard error, in order of arrival. */
  readonly output: string;
  readonly stdout: string;
}

/**
 * A Python with the official client, if there is one: the one that CONTRAFIT_WANDB_PYTHON names, or `python3`.
 * Isolated from the user's own packages, as the client's processes are.
 */
export const officialPython: string | undefined = findPython(process.env.CONTRAFIT_WANDB_PYTHON);

function findPython(named: string | undefined): string | undefined {
  const python = named || 'python3';
  const { status, stderr } = spawnSync(python, ['-I', '-c', 'import wandb'], { env: environmentIn(tmpdir()) });
  if (status === 0) return python;
  // Whoever names one wants these tests to run.
  if (named) throw new Error(`CONTRAFIT_WANDB_PYTHON: ${named} cannot import wandb. ${stderr ?? ''}`);
  return undefined;
}

/** The records of a .wandb file as the official client reads them. */
export async function readWithOfficialReader(path: string): Promise<unknown[]> {
  const [records = []] = await readAllWithOfficialReader([path]);
  return records;
}

/** The records of each of several .wandb files, by one process. */
export async function readAllWithOfficialReader(paths: readonly string[]): Promise<unknown[][]> {
  const { code, output, stdout } = await runPython([script('readLog.py'), ...paths.map((path) => resolve(path))]);
  if (code !== 0) throw new Error(`the official reader failed: ${output.slice(-2000)}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Logs the run of `official/makeRun.py` offline; gives its folder, which lies somewhere in `folder`. */
export async function makeOfficialRun(folder: string): Promise<string> {
  const { code, output } = await runPython([script('makeRun.py')], { folder });
  // The exit code that the script gives to its run is not its own.
  if (code !== 0) throw new Error(`the official client failed: ${output}`);
  return join(folder, 'wandb', 'latest-run');
}

/** Uploads the run in a folder by `wandb sync`, or by its successor `wandb beta sync`. */
export function officialSync(
  folder: string,
  server: { readonly url: string },
  { beta = false, key = apiKey, limit = 100_000 }: { beta?: boolean; key?: string; limit?: number } = {},
): Promise<Ended> {
  return runPython(['-m', 'wandb', ...(beta ? ['beta'] : []), 'sync', resolve(folder)], {
    environment: { WANDB_BASE_URL: server.url, WANDB_API_KEY: key },
    limit,
  });
}

function script(name: string): string {
  return fileURLToPath(new URL(`official/${name}`, import.meta.url));
}

/** Runs Python in a folder that serves as the home, too; in a new one that is removed afterwards if none is given. */
async function runPython(
  args: readonly string[],
  {
    folder,
    environment = {},
    limit = 100_000,
  }: { folder?: string; environment?: NodeJS.ProcessEnv; limit?: number } = {},
): Promise<Ended> {
  if (officialPython === undefined) throw new Error('there is no Python with wandb');
  const home = folder ?? mkdtempSync(join(tmpdir(), 'contrafit-wandb-'));
  const child = spawn(officialPython, ['-I', ...args], {
    cwd: home,
    env: { ...environmentIn(home), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // The process that the client starts ends by itself when the client is gone.
    ...{ timeout: limit, killSignal: 'SIGKILL' },
  });
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  try {
    const code = await new Promise<number | null>((done, fail) => child.once('close', done).once('error', fail));
    return { code, output, stdout };
  } finally {
    if (!folder) rmSync(home, { recursive: true, force: true });
  }
}

/** Nothing of the user's is read or written, and no errors are reported to anyone. */
function environmentIn(home: string): NodeJS.ProcessEnv {
  return {
    ...{ PATH: process.env.PATH, HOME: home, TMPDIR: home, PYTHONDONTWRITEBYTECODE: '1', PYTHONIOENCODING: 'utf8' },
    ...{ WANDB_DIR: home, WANDB_CONFIG_DIR: home, WANDB_CACHE_DIR: home, WANDB_DATA_DIR: home },
    ...{ WANDB_ERROR_REPORTING: 'false', WANDB_DISABLE_GIT: 'true' },
  };
}

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { detectHardware } from '../engine/hardware.ts';
import { nativeInstalled } from '../engine/native/places.ts';
import { tensorflowVersion } from '../engine/native/variants.ts';
import type { Environment } from '../tracking/journal.ts';

/** What all runs of a sweep share; the threads are each worker's own. */
export type SweepEnvironment = Omit<Environment, 'threads'>;

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** On what and from which code a sweep runs. What cannot be found out is left out; nothing here fails. */
export async function findEnvironment(): Promise<SweepEnvironment> {
  const [git, gpus] = await Promise.all([findGit(fileURLToPath(new URL('../..', import.meta.url))), findGpus()]);
  return {
    host: hostname(),
    platform: `${process.platform} ${process.arch}`,
    cpu: { model: detectHardware().cpu ?? cpus()[0]?.model ?? null, cores: availableParallelism() },
    memoryBytes: totalmem(),
    gpus,
    versions: {
      contrafit: versionIn('../../package.json'),
      node: process.versions.node,
      ...(nativeInstalled() && { tensorflow: tensorflowVersion }),
      '@tensorflow/tfjs-core': versionIn('@tensorflow/tfjs-core/package.json'),
      '@tensorflow/tfjs-node-gpu': versionIn('@tensorflow/tfjs-node-gpu/package.json'),
    },
    git,
  };
}

/** Package version and, in a clone, the commit; a `+` stands for changes that are not committed. */
export function codeVersion({ versions, git }: Pick<SweepEnvironment, 'versions' | 'git'>): string {
  return git ? `${versions.contrafit} (${git.commit.slice(0, 10)}${git.dirty ? '+' : ''})` : versions.contrafit;
}

/** The commit that a folder is a clone at; null if it is none, or without git. */
export async function findGit(folder: string): Promise<Environment['git']> {
  // A folder within somebody else's clone is not asked for that one's commit.
  if (!existsSync(join(folder, '.git'))) return null;
  const git = async (...args: string[]) => (await run('git', args, { cwd: folder })).stdout.trim();
  try {
    const [described, remote] = await Promise.all([
      git('describe', '--always', '--dirty=+', '--abbrev=40', '--exclude=*'),
      git('config', '--get', 'remote.origin.url').catch(() => ''),
    ]);
    return { commit: described.replace(/\+$/, ''), dirty: described.endsWith('+'), remote: publicRemote(remote) };
  } catch {
    return null;
  }
}

/** A remote without user, password, query and fragment; null for a folder of this machine. */
export function publicRemote(remote: string): string | null {
  if (URL.canParse(remote)) {
    const { protocol, host, pathname } = new URL(remote);
    if (host !== '') return `${protocol}//${host}${pathname}`;
  }
  // As ssh takes it: user@host:path.
  const { host, path } = /^(?:[^/]*@)?(?<host>[\w.-]{2,}):(?!:)(?<path>[^?#]+)/.exec(remote)?.groups ?? {};
  return host === undefined || host === 'file' ? null : `${host}:${path}`;
}

/** The GPUs' names; no process is started where there is no NVIDIA driver. `root` is `/`, but in tests. */
export async function findGpus(root = '/'): Promise<string[]> {
  if (!detectHardware(root).nvidia) return [];
  try {
    const { stdout } = await run('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], { timeout: 5000 });
    return stdout.split('\n').flatMap((line) => line.trim() || []);
  } catch {
    return [];
  }
}

function versionIn(manifest: string): string {
  return (require(manifest) as { version: string }).version;
}

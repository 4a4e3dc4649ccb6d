import { createHash, type Hash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { systemErrorCode, UserError } from '../errors.ts';
import { isEncoderFolder } from './huggingFaceFolder.ts';

/**
 * The layout of the Hugging Face cache, shared with Python's huggingface_hub: each repository has its own folder with
 * `blobs/<digest>`, `snapshots/<revision>/<path>` that link to them, and `refs/main`, which holds the current revision.
 */
export interface CachedEncoder {
  /** `owner/name` on the hub. */
  readonly id: string;
  /** The snapshot's folder. */
  readonly folder: string;
}

/** Of the folder of a model, whose name follows with `--` for `/`. */
const modelPrefix = 'models--';

export function repositoryFolder(hubCache: string, id: string): string {
  return join(hubCache, `${modelPrefix}${id.replaceAll('/', '--')}`);
}

/** The folder of a model's snapshot with all the files of an encoder: that of `main`, or else any. */
export async function cachedSnapshot(hubCache: string, id: string): Promise<string | undefined> {
  const repository = repositoryFolder(hubCache, id);
  const main = await readFile(join(repository, 'refs', 'main'), 'utf8').catch(() => undefined);
  const revisions = (await readdir(join(repository, 'snapshots')).catch((): string[] => [])).sort();
  for (const revision of main === undefined ? revisions : [main.trim(), ...revisions]) {
    const folder = join(repository, 'snapshots', revision);
    if (await isEncoderFolder(folder)) return folder;
  }
  return undefined;
}

/** All models in the cache that have the files of an encoder, sorted by id. */
export async function cachedEncoders(hubCache: string): Promise<CachedEncoder[]> {
  const found: CachedEncoder[] = [];
  for (const name of (await readdir(hubCache).catch((): string[] => [])).sort()) {
    if (!name.startsWith(modelPrefix)) continue;
    const id = name.slice(modelPrefix.length).replaceAll('--', '/');
    const folder = await cachedSnapshot(hubCache, id);
    if (folder !== undefined) found.push({ id, folder });
  }
  return found;
}

/** How a file is named and checked in the cache. */
export interface Digest {
  /** Large files (LFS) have the SHA-256 of their content, others the SHA-1 of their git blob. */
  readonly algorithm: 'sha256' | 'git-sha1';
  readonly hex: string;
}

/** A hash that comes to `digest.hex` for the right content of `size` bytes. */
export function hashFor(algorithm: Digest['algorithm'], size: number): Hash {
  return algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}

export function blobFile(repository: string, digest: Digest): string {
  return join(repository, 'blobs', digest.hex);
}

/** Puts a blob that is complete into a snapshot under its path. */
export async function linkIntoSnapshot(
  repository: string,
  revision: string,
  path: string,
  digest: Digest,
): Promise<void> {
  const link = join(repository, 'snapshots', revision, path);
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { force: true });
  await symlink(relative(dirname(link), blobFile(repository, digest)), link);
}

/** Makes a revision the one that is used. */
export async function setMain(repository: string, revision: string): Promise<void> {
  const file = join(repository, 'refs', 'main');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.partial`, revision);
  await rename(`${file}.partial`, file);
}

/** The size of a file in bytes; 0 if there is none. */
export async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Turns a system error in writing the cache into one for the user; others are given back as they are. */
export function cacheError(error: unknown, hubCache: string): unknown {
  const code = systemErrorCode(error);
  if (!code || !['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR'].includes(code)) return error;
  return new UserError({
    code: 'ENCODER_CACHE_NOT_WRITABLE',
    given: `the Hugging Face cache ${hubCache} (${code})`,
    expected: 'a folder that can be written, with room for the encoder',
    remedy: 'Name another one in HF_HUB_CACHE, or make room.',
  });
}

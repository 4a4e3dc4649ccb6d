import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Problem, systemErrorCode, throwIfAny, UserError } from '../errors.ts';
import type { PublicDataset, PublishedFile } from './source.ts';

/**
 * Fetches a public dataset from its publisher's own addresses and checks each file against its pinned digest. Files that
 * are here are left as they are.
 *
 * @param onBytes progress over all files
 * @returns the dataset's folder
 * @throws UserError DATA_NOT_DOWNLOADABLE, or of every file that is not here in the end DATA_DOWNLOAD_FAILED,
 * DATA_DOWNLOAD_CORRUPT, DATA_FILE_DIFFERS, DATA_FOLDER_NOT_WRITABLE
 */
export async function getDataset(
  { folder, title, files, publishedAt, downloads }: PublicDataset,
  dataFolder: string,
  onBytes?: (done: number, total: number) => void,
): Promise<string> {
  const path = join(dataFolder, folder);
  if (!downloads) {
    throw new UserError({
      code: 'DATA_NOT_DOWNLOADABLE',
      given: `${title}, which no publisher serves as it is read`,
      expected: `the files ${files.join(', ')} in ${path}`,
      remedy: `Put them there by hand from ${publishedAt}.`,
    });
  }
  const total = downloads.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const advance = (bytes: number) => {
    done += bytes;
    onBytes?.(done, total);
  };
  const problems: Problem[] = [];
  for (const file of downloads) {
    const problem = await getFile(file, path, advance);
    if (problem) problems.push(problem);
  }
  throwIfAny(problems);
  return path;
}

/** Gives what keeps the file from being here. */
async function getFile(
  file: PublishedFile,
  folder: string,
  advance: (bytes: number) => void,
): Promise<Problem | undefined> {
  const path = join(folder, file.name);
  const byHand = `Try again, or fetch ${file.url} by hand and put it at ${path}.`;
  let present: string | undefined;
  try {
    present = await digestOf(path);
  } catch (error) {
    return unreadable(error, path);
  }
  if (present === file.sha256) {
    advance(file.bytes);
    return undefined;
  }
  if (present !== undefined) {
    return {
      code: 'DATA_FILE_DIFFERS',
      given: `${path} with sha256 ${present}`,
      expected: `the publisher's file, with sha256 ${file.sha256}`,
      remedy: 'Move it away and run the command again.',
    };
  }
  const partial = `${path}.incomplete`;
  try {
    const response = await fetch(file.url);
    if (!response.ok || !response.body) {
      return {
        code: 'DATA_DOWNLOAD_FAILED',
        given: `${file.url} answers ${response.status} ${response.statusText}`.trim(),
        expected: 'the file',
        remedy: byHand,
      };
    }
    await mkdir(folder, { recursive: true });
    const hash = createHash('sha256');
    await pipeline(
      Readable.fromWeb(response.body),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          advance(chunk.length);
          yield chunk;
        }
      },
      createWriteStream(partial),
    );
    const received = hash.digest('hex');
    if (received !== file.sha256) {
      await rm(partial, { force: true });
      return {
        code: 'DATA_DOWNLOAD_CORRUPT',
        given: `${file.url} with sha256 ${received}`,
        expected: `sha256 ${file.sha256}`,
        remedy: 'Run the command again; if it stays so, a proxy on the way alters the file.',
      };
    }
    await rename(partial, path);
    return undefined;
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    return failure(error, file, folder, byHand);
  }
}

function failure(error: unknown, { url }: PublishedFile, folder: string, byHand: string): Problem {
  if (!(error instanceof Error)) throw error;
  const code = systemErrorCode(error);
  if (code !== undefined && /^(EACCES|EPERM|EROFS|ENOSPC|EDQUOT|ENOTDIR|EEXIST)$/.test(code)) {
    return {
      code: 'DATA_FOLDER_NOT_WRITABLE',
      given: `${folder} (${code})`,
      expected: 'a folder that files can be written into',
      remedy: 'Make room or change its permissions, or set CONTRAFIT_DATA to another folder.',
    };
  }
  // fetch hides the reason (no network, an unknown host) in the cause.
  const reason = error.cause instanceof Error ? error.cause.message || systemErrorCode(error.cause) : error.message;
  return {
    code: 'DATA_DOWNLOAD_FAILED',
    given: `${url} cannot be fetched (${reason})`,
    expected: 'a connection to it',
    remedy: byHand,
  };
}

function unreadable(error: unknown, path: string): Problem {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  return {
    code: 'DATA_UNREADABLE_FILE',
    given: `${path} (${code})`,
    expected: 'a file that can be read, or none',
    remedy: 'Change its permissions or remove it.',
  };
}

async function digestOf(path: string): Promise<string | undefined> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

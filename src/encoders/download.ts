import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { downloadFile, HubApiError, type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub';
import { lock } from 'proper-lockfile';
import { systemErrorCode, UserError } from '../errors.ts';
import {
  blobFile,
  cacheError,
  type Digest,
  hashFor,
  linkIntoSnapshot,
  repositoryFolder,
  setMain,
  sizeOf,
} from './hubCache.ts';

/** How the hub is reached. */
export interface HubAccess {
  /** The Hugging Face cache's folder. */
  readonly hubCache: string;
  /** Default: the public hub. */
  readonly endpoint?: string;
  /** For private and gated models. */
  readonly token?: string;
}

/** Called with the bytes that are there and those of all files. */
export type OnBytes = (done: number, total: number) => void;

/** The files of a repository that an encoder needs, for this project and for sentence-transformers. */
const neededFiles = new Set([
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'modules.json',
  'sentence_bert_config.json',
  '1_Pooling/config.json',
]);

const weightsPattern = /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/;

interface RemoteFile {
  readonly path: string;
  readonly size: number;
  readonly digest: Digest;
}

/**
 * Downloads a model's encoder from the hub into the Hugging Face cache. Every file is checked against the digest that
 * the hub lists for it before it gets its name; an interrupted one is continued by the next call. The snapshot is made
 * last, of files that are all there.
 *
 * @throws UserError `ENCODER_UNKNOWN`, `ENCODER_UNAUTHORISED`, `ENCODER_TOKEN_INVALID`, `ENCODER_HUB_UNREACHABLE`,
 * `ENCODER_FILES_UNSUITABLE`, `ENCODER_DOWNLOAD_CORRUPT`, `ENCODER_CACHE_NOT_WRITABLE`
 */
export async function downloadEncoder(id: string, access: HubAccess, onBytes?: OnBytes): Promise<string> {
  if (access.token !== undefined && !access.token.startsWith('hf_')) {
    throw new UserError({
      code: 'ENCODER_TOKEN_INVALID',
      given: 'a token that does not begin with hf_',
      expected: 'an access token of the Hugging Face hub',
      remedy: 'Correct HF_TOKEN, or unset it for public models.',
    });
  }
  try {
    return await downloadInto(repositoryFolder(access.hubCache, id), id, access, onBytes);
  } catch (error) {
    throw hubError(cacheError(error, access.hubCache), id);
  }
}

async function downloadInto(repository: string, id: string, access: HubAccess, onBytes?: OnBytes): Promise<string> {
  const request = {
    ...(access.endpoint !== undefined && { hubUrl: access.endpoint }),
    ...(access.token !== undefined && { accessToken: access.token }),
  };
  const info = await modelInfo({ ...request, name: id, revision: 'main', additionalFields: ['sha'] });
  const revision = asHex(info.sha);
  const files = await filesOf(id, revision, request);

  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const advance = (bytes: number) => {
    done += bytes;
    onBytes?.(done, total);
  };
  await mkdir(repository, { recursive: true });
  // Another process that fetches the same model is waited for; its files are then found.
  const release = await lock(repository, { retries: { forever: true, minTimeout: 200, maxTimeout: 1000 } });
  try {
    for (const file of files) {
      const open = () => downloadFile({ ...request, repo: id, path: file.path, revision, xet: false });
      await fetchBlob(blobFile(repository, file.digest), file, open, advance);
    }
    for (const { path, digest } of files) await linkIntoSnapshot(repository, revision, path, digest);
    await setMain(repository, revision);
  } finally {
    await release();
  }
  return join(repository, 'snapshots', revision);
}

async function filesOf(id: string, revision: string, request: object): Promise<RemoteFile[]> {
  const files: RemoteFile[] = [];
  for await (const entry of listFiles({ ...request, repo: id, recursive: true, revision })) {
    if (entry.type === 'file' && (neededFiles.has(entry.path) || weightsPattern.test(entry.path))) {
      files.push({ path: entry.path, size: entry.size, digest: digestOf(entry) });
    }
  }
  const paths = new Set(files.map(({ path }) => path));
  const missing = ['config.json', 'tokenizer.json'].filter((path) => !paths.has(path));
  if (!paths.has('model.safetensors') && !paths.has('model.safetensors.index.json')) missing.push('model.safetensors');
  if (missing.length > 0) {
    throw new UserError({
      code: 'ENCODER_FILES_UNSUITABLE',
      given: `${id} has no ${missing.join(', no ')} on the hub`,
      expected: 'an encoder with config.json, tokenizer.json and weights as safetensors',
      remedy: 'Save it with transformers (save_pretrained of model and tokeniser) and give that folder.',
    });
  }
  // One file beats shards where both are there.
  const single = paths.has('model.safetensors');
  return files.filter(({ path }) => !single || path === 'model.safetensors' || !weightsPattern.test(path));
}

function digestOf({ lfs, oid }: ListFileEntry): Digest {
  return lfs ? { algorithm: 'sha256', hex: asHex(lfs.oid) } : { algorithm: 'git-sha1', hex: asHex(oid) };
}

/** Digests and revisions name files in the cache, so nothing else is taken from a server for one. */
function asHex(value: string | undefined): string {
  if (value !== undefined && /^[0-9a-f]{40,64}$/.test(value)) return value;
  throw new TypeError(`the server's answer is not the hub's: ${JSON.stringify(value)} in place of a digest`);
}

/** Makes sure that a blob is there, continuing what an interrupted download left. */
async function fetchBlob(
  blob: string,
  file: RemoteFile,
  request: () => Promise<Blob | null>,
  advance: (bytes: number) => void,
): Promise<void> {
  if ((await sizeOf(blob)) === file.size) {
    advance(file.size);
    return;
  }
  await mkdir(dirname(blob), { recursive: true });
  const partial = `${blob}.incomplete`;
  const resumed = await sizeOf(partial);
  if (await fetchPartial(partial, file, request, advance)) {
    await rename(partial, blob);
    return;
  }
  await rm(partial);
  if (resumed > 0) {
    // What was left may have been of another content: once more from the start.
    advance(-file.size);
    return fetchBlob(blob, file, request, advance);
  }
  throw new UserError({
    code: 'ENCODER_DOWNLOAD_CORRUPT',
    given: `${file.path} as it was received`,
    expected: `${file.size} bytes with ${file.digest.algorithm} ${file.digest.hex}`,
    remedy: 'Run the command again; if it stays so, the mirror or a proxy on the way alters the file.',
  });
}

/** Completes the partial file and tells whether its content is right. */
async function fetchPartial(
  partial: string,
  { size, path, digest }: RemoteFile,
  request: () => Promise<Blob | null>,
  advance: (bytes: number) => void,
): Promise<boolean> {
  const hash = hashFor(digest.algorithm, size);
  let reached = Math.min(await sizeOf(partial), size);
  if (reached > 0) await pipeline(createReadStream(partial, { end: reached - 1 }), hash, { end: false });
  advance(reached);
  if (reached < size) {
    const remote = await request();
    if (!remote) throw new RangeError(`${path} is listed but not there`);
    const handle: FileHandle = await open(partial, 'a');
    try {
      for await (const chunk of remote.slice(reached, size).stream()) {
        await handle.writeFile(chunk);
        hash.update(chunk);
        reached += chunk.byteLength;
        advance(chunk.byteLength);
      }
    } finally {
      await handle.close();
    }
    if (reached < size) throw new TypeError(`the connection closed at ${reached} of ${size} bytes of ${path}`);
  }
  return reached === size && hash.digest('hex') === digest.hex;
}

function hubError(error: unknown, id: string): unknown {
  if (error instanceof UserError) return error;
  if (error instanceof HubApiError && error.statusCode === 404) {
    return new UserError({
      code: 'ENCODER_UNKNOWN',
      given: `${id}, which the hub does not have`,
      expected: "a model's id on the Hugging Face hub, owner/name",
      remedy: `Check its spelling. For a folder of your own write ./${id}.`,
    });
  }
  if (error instanceof HubApiError && (error.statusCode === 401 || error.statusCode === 403)) {
    return new UserError({
      code: 'ENCODER_UNAUTHORISED',
      given: `${id}, to which the hub gives no access (status ${error.statusCode})`,
      expected: 'a public model, or a token with access to it',
      remedy: 'Check the spelling. For a private or gated model, accept its terms on the hub and set HF_TOKEN.',
    });
  }
  // What fetch and its streams throw for an interrupted connection has no class of its own.
  const interrupted = error instanceof TypeError || error instanceof HubApiError || typeof error === 'string';
  if (!interrupted && systemErrorCode(error) === undefined) return error;
  return new UserError({
    code: 'ENCODER_HUB_UNREACHABLE',
    given: `${id} could not be fetched: ${reason(error)}`,
    expected: 'a connection to the Hugging Face hub',
    remedy: 'Run the command again, which continues where it stopped, or name a mirror in HF_ENDPOINT.',
  });
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { systemErrorCode } from '../errors.ts';
import { contentId } from './cells.ts';

const digestBytes = 32;

/**
 * A content-addressed store of what cells share: tokens, embeddings of the frozen encoder, measured rates. A value is
 * found again by everything it was computed from; a damaged file is computed anew.
 */
export class Cache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  has(kind: string, origin: unknown): boolean {
    return existsSync(this.#path(kind, origin));
  }

  /** The value kept for `origin`, or else what `compute` gives, which is then kept. Typed arrays come back as such. */
  async get<T>(kind: string, origin: unknown, compute: () => Promise<T>): Promise<T> {
    const path = this.#path(kind, origin);
    const found = await readSealed(path);
    if (found !== undefined) return found as T;
    const value = await compute();
    const body = serialize(value);
    const temporary = `${path}.${randomUUID()}`;
    await mkdir(dirname(path), { recursive: true });
    try {
      await writeFile(temporary, [digest(body), body]);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return value;
  }

  #path(kind: string, origin: unknown): string {
    return join(this.#folder, kind, `${contentId(origin)}.bin`);
  }
}

async function readSealed(path: string): Promise<unknown> {
  try {
    const file = await readFile(path);
    const body = file.subarray(digestBytes);
    if (!digest(body).equals(file.subarray(0, digestBytes))) return undefined;
    return deserialize(body);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function digest(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest();
}

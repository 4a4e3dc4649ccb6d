import { cp, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  blobFile,
  cachedEncoders,
  cachedSnapshot,
  hashFor,
  linkIntoSnapshot,
  repositoryFolder,
  setMain,
} from '../../src/encoders/hubCache.ts';
import { goldenFolder } from './goldens.ts';

let root: string;
let hubCache: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hub-cache-'));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  hubCache = await mkdtemp(join(root, 'case-'));
});

const addSnapshot = async (id: string, revision: string, source: string) => {
  const folder = join(repositoryFolder(hubCache, id), 'snapshots', revision);
  await cp(goldenFolder + source, folder, { recursive: true });
  return folder;
};

describe('the Hugging Face cache', () => {
  it('has one folder a model', () => {
    expect(repositoryFolder('/hub', 'owner/name')).toBe('/hub/models--owner--name');
    expect(repositoryFolder('/hub', 'name')).toBe('/hub/models--name');
  });

  it('lists the models with all files of an encoder', async () => {
    const tiny = await addSnapshot('b/tiny', 'r1', 'bert');
    const sharded = await addSnapshot('a/sharded', 'r1', 'distilBert');
    const broken = await addSnapshot('c/broken', 'r1', 'distilBert');
    await rm(join(broken, 'model-00002-of-00003.safetensors'));
    await mkdir(join(hubCache, 'datasets--x--y'));
    await writeFile(join(hubCache, 'version.txt'), '1');
    expect(await cachedEncoders(hubCache)).toEqual([
      { id: 'a/sharded', folder: sharded },
      { id: 'b/tiny', folder: tiny },
    ]);
    expect(await cachedSnapshot(hubCache, 'c/broken')).toBeUndefined();
    expect(await cachedEncoders(join(hubCache, 'nowhere'))).toEqual([]);
  });

  it('prefers the main revision, and a complete one to that', async () => {
    await addSnapshot('a/b', 'r1', 'bert');
    const main = await addSnapshot('a/b', 'r2', 'bert');
    const last = await addSnapshot('a/b', 'r3', 'bert');
    await setMain(repositoryFolder(hubCache, 'a/b'), 'r2');
    expect(await cachedSnapshot(hubCache, 'a/b')).toBe(main);
    await rm(join(main, 'model.safetensors'));
    await rm(join(main, '..', 'r1'), { recursive: true });
    expect(await cachedSnapshot(hubCache, 'a/b')).toBe(last);
  });

  it('links snapshots to blobs by relative paths, so that it can be moved', async () => {
    const repository = repositoryFolder(hubCache, 'a/b');
    const digest = { algorithm: 'sha256', hex: 'f00d' } as const;
    await mkdir(join(repository, 'blobs'), { recursive: true });
    await writeFile(blobFile(repository, digest), 'content');
    await linkIntoSnapshot(repository, 'r', '1_Pooling/config.json', digest);
    // Again, as after an interruption.
    await linkIntoSnapshot(repository, 'r', '1_Pooling/config.json', digest);
    const link = join(repository, 'snapshots', 'r', '1_Pooling', 'config.json');
    expect(await readlink(link)).toBe('../../../blobs/f00d');
    expect(await readFile(link, 'utf8')).toBe('content');
  });

  it('hashes as git and as LFS do', () => {
    // printf hello | git hash-object --stdin; printf hello | sha256sum
    expect(hashFor('git-sha1', 5).update('hello').digest('hex')).toBe('b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0');
    expect(hashFor('sha256', 5).update('hello').digest('hex')).toBe(
      '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    );
  });
});

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { downloadEncoder } from '../../src/encoders/download.ts';
import { cachedSnapshot, repositoryFolder } from '../../src/encoders/hubCache.ts';
import { encoderHash, isEncoderFolder } from '../../src/encoders/huggingFaceFolder.ts';
import { UserError } from '../../src/errors.ts';
import { goldenFolder } from './goldens.ts';
import { HubServer, type Repository, revision } from './hubServer.ts';

const id = 'lighthouse/tiny-bert';
const server = new HubServer();
let endpoint: string;
let root: string;
let hubCache: string;
let repository: Repository;
let weights: Buffer;

beforeAll(async () => {
  endpoint = await server.start();
  root = await mkdtemp(join(tmpdir(), 'hub-'));
  weights = await readFile(`${goldenFolder}bert/model.safetensors`);
});
afterAll(async () => {
  await server.stop();
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  server.reset();
  hubCache = await mkdtemp(join(root, 'cache-'));
  repository = {
    files: {
      'README.md': Buffer.from('# Tiny'),
      'config.json': await readFile(`${goldenFolder}bert/config.json`),
      'tokenizer.json': await readFile(`${goldenFolder}bert/tokenizer.json`),
      'model.safetensors': weights,
      'pytorch_model.bin': Buffer.alloc(10),
      'onnx/model.safetensors': Buffer.alloc(10),
      '1_Pooling/config.json': Buffer.from('{"pooling_mode_mean_tokens": true}'),
    },
    large: ['model.safetensors', 'pytorch_model.bin'],
  };
  server.repositories.set(id, repository);
});

const download = (onBytes?: (done: number, total: number) => void) =>
  downloadEncoder(id, { hubCache, endpoint }, onBytes);

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof UserError ? error.problems.map(({ code }) => code).join() : error),
  );

const blobs = async () => (await readdir(join(repositoryFolder(hubCache, id), 'blobs'))).sort();
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

describe('downloadEncoder', () => {
  it('fetches what an encoder needs, in the layout of the Hugging Face cache', async () => {
    const folder = await download();
    expect(folder).toBe(join(hubCache, 'models--lighthouse--tiny-bert', 'snapshots', revision));
    expect(await encoderHash(folder)).toBe(await encoderHash(`${goldenFolder}bert`));
    expect((await readdir(folder)).sort()).toEqual(['1_Pooling', 'config.json', 'model.safetensors', 'tokenizer.json']);
    expect(await readFile(join(repositoryFolder(hubCache, id), 'refs', 'main'), 'utf8')).toBe(revision);
    expect(await blobs()).toContain(sha256(weights));
    expect(await blobs()).toHaveLength(4);
    expect(await cachedSnapshot(hubCache, id)).toBe(folder);
  });

  it('reports bytes up to the total', async () => {
    const reports: [number, number][] = [];
    await download((done, total) => reports.push([done, total]));
    const sizes = ['config.json', 'tokenizer.json', 'model.safetensors', '1_Pooling/config.json'];
    const total = sizes.reduce((sum, path) => sum + (repository.files[path]?.length ?? 0), 0);
    expect(reports.at(-1)).toEqual([total, total]);
    expect(reports.every(([done], i) => done >= (reports[i - 1]?.[0] ?? 0))).toBe(true);
  });

  it('fetches shards with their index', async () => {
    const shards: Record<string, Buffer> = {};
    for (const name of await readdir(`${goldenFolder}distilBert`)) {
      shards[name] = await readFile(join(goldenFolder, 'distilBert', name));
    }
    server.repositories.set(id, { files: shards, large: [] });
    expect(await encoderHash(await download())).toBe(await encoderHash(`${goldenFolder}distilBert`));
  });

  it('takes one file of weights where there are shards too', async () => {
    const files = { ...repository.files, 'model-00001-of-00001.safetensors': Buffer.alloc(1) };
    server.repositories.set(id, { ...repository, files });
    expect(await readdir(await download())).not.toContain('model-00001-of-00001.safetensors');
  });

  it('never uses a content that is not the listed one', async () => {
    const changed = Buffer.from(weights);
    changed.writeUInt8(changed.readUInt8(70_000) ^ 1, 70_000);
    server.faults.set('model.safetensors', { content: changed });
    expect(await codeOf(download())).toBe('ENCODER_DOWNLOAD_CORRUPT');
    expect(await cachedSnapshot(hubCache, id)).toBeUndefined();
    expect((await blobs()).filter((name) => name.startsWith(sha256(weights)))).toEqual([]);

    server.faults.clear();
    expect(await isEncoderFolder(await download())).toBe(true);
  });

  it('checks small files too', async () => {
    server.faults.set('config.json', { content: Buffer.from('{"model_type": "bert"}') });
    expect(await codeOf(download())).toBe('ENCODER_HUB_UNREACHABLE');
    const size = repository.files['config.json']?.length ?? 0;
    server.faults.set('config.json', { content: Buffer.alloc(size, '{') });
    await rm(hubCache, { recursive: true });
    expect(await codeOf(download())).toBe('ENCODER_DOWNLOAD_CORRUPT');
  });

  it.each(['orderly', 'broken'] as const)('continues after an interruption with a(n) %s end', async (end) => {
    server.faults.set('model.safetensors', { sendOnly: { bytes: 50_000, end } });
    expect(await codeOf(download())).toBe('ENCODER_HUB_UNREACHABLE');
    expect(await cachedSnapshot(hubCache, id)).toBeUndefined();
    expect(await blobs()).toContain(`${sha256(weights)}.incomplete`);

    server.faults.clear();
    server.contentRequests.length = 0;
    const folder = await download();
    expect(await encoderHash(folder)).toBe(await encoderHash(`${goldenFolder}bert`));
    expect(server.contentRequests).toEqual(
      expect.arrayContaining([`model.safetensors bytes=50000-${weights.length - 1}`]),
    );
    expect(server.contentRequests).not.toContain('config.json');
    expect((await blobs()).some((name) => name.endsWith('.incomplete'))).toBe(false);
  });

  it.each([
    ['of another content', Buffer.alloc(1000, 7)],
    ['longer than the file', Buffer.alloc(200_000)],
  ])('starts over where the leftover is %s', async (_, leftover) => {
    await mkdir(join(repositoryFolder(hubCache, id), 'blobs'), { recursive: true });
    await writeFile(join(repositoryFolder(hubCache, id), 'blobs', `${sha256(weights)}.incomplete`), leftover);
    expect(await encoderHash(await download())).toBe(await encoderHash(`${goldenFolder}bert`));
  });

  it('starts over where the server sends everything for a range', async () => {
    await mkdir(join(repositoryFolder(hubCache, id), 'blobs'), { recursive: true });
    const partial = join(repositoryFolder(hubCache, id), 'blobs', `${sha256(weights)}.incomplete`);
    await writeFile(partial, weights.subarray(0, 30_000));
    server.faults.set('model.safetensors', { ignoresRanges: true });
    expect(await encoderHash(await download())).toBe(await encoderHash(`${goldenFolder}bert`));
  });

  it('fetches once for two that ask at the same time', async () => {
    const folders = await Promise.all([download(), download()]);
    expect(folders[0]).toBe(folders[1]);
    expect(server.contentRequests.filter((path) => path === 'model.safetensors')).toHaveLength(1);
  });

  it('sends the token', async () => {
    server.repositories.set(id, { ...repository, token: 'hf_right' });
    const withToken = (token: string) => downloadEncoder(id, { hubCache, endpoint, token });
    expect(await codeOf(download())).toBe('ENCODER_UNAUTHORISED');
    expect(await codeOf(withToken('hf_wrong'))).toBe('ENCODER_UNAUTHORISED');
    expect(await codeOf(withToken('right'))).toBe('ENCODER_TOKEN_INVALID');
    expect(await codeOf(withToken('hf_right'))).toBe('no error');
  });

  it('says that a model is unknown', async () => {
    expect(await codeOf(downloadEncoder('lighthouse/huge-bert', { hubCache, endpoint }))).toBe('ENCODER_UNKNOWN');
  });

  it('says that the hub cannot be reached', async () => {
    const closed = { hubCache, endpoint: 'http://127.0.0.1:9' };
    expect(await codeOf(downloadEncoder(id, closed))).toBe('ENCODER_HUB_UNREACHABLE');
  });

  it('fetches nothing of a model without safetensors or fast tokeniser', async () => {
    const { 'model.safetensors': _, 'tokenizer.json': __, ...files } = repository.files;
    server.repositories.set(id, { files, large: [] });
    expect(await codeOf(download())).toBe('ENCODER_FILES_UNSUITABLE');
    expect(server.contentRequests).toEqual([]);
  });

  it('lets no server choose where files go', async () => {
    server.repositories.set(id, { ...repository, revision: '../../../outside' });
    expect(await codeOf(download())).toBe('ENCODER_HUB_UNREACHABLE');
    expect(await readdir(hubCache)).toEqual([]);
  });

  it('says that the cache cannot be written', async () => {
    await writeFile(join(hubCache, 'file'), '');
    const blocked = { hubCache: join(hubCache, 'file'), endpoint };
    expect(await codeOf(downloadEncoder(id, blocked))).toBe('ENCODER_CACHE_NOT_WRITABLE');
  });
});

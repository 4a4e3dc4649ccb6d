import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getDataset } from '../../src/data/getDataset.ts';
import type { PublicDataset } from '../../src/data/source.ts';
import { problemsOf } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const contents = { 'a.txt': 'first file', 'b.txt': 'second file '.repeat(10_000) } as const;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

let server: Server;
let address: string;
let asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    asked.push(name);
    const content = contents[name as keyof typeof contents];
    if (name === 'cut.txt') {
      response.writeHead(200, { 'content-length': 1000 }).write('half');
      setTimeout(() => response.destroy(), 20);
    } else if (content === undefined) response.writeHead(404).end();
    else response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

function datasetOf(...names: string[]): PublicDataset {
  const text = (name: string) => contents[name as keyof typeof contents] ?? name;
  const downloads = names.map((name) => ({
    name,
    url: `${address}/${name}`,
    sha256: sha256(text(name)),
    bytes: text(name).length,
  }));
  return { folder: 'set', title: 'A set', files: names, publishedAt: 'a shelf', downloads };
}

describe('getDataset', () => {
  it('fetches every file, tells how far it is, and fetches nothing that is here', async () => {
    const dataFolder = join(await temporaryFolder({}), 'new', 'folder');
    const progress: [number, number][] = [];
    asked = [];
    const folder = await getDataset(datasetOf('a.txt', 'b.txt'), dataFolder, (...bytes) => progress.push(bytes));
    expect(folder).toBe(join(dataFolder, 'set'));
    for (const [name, content] of Object.entries(contents)) {
      expect(await readFile(join(folder, name), 'utf8')).toBe(content);
    }
    expect(progress.length).toBeGreaterThanOrEqual(2);
    const total = contents['a.txt'].length + contents['b.txt'].length;
    expect(progress.at(-1)).toEqual([total, total]);
    expect(asked).toEqual(['a.txt', 'b.txt']);
    await getDataset(datasetOf('a.txt', 'b.txt'), dataFolder);
    expect(asked).toHaveLength(2);
  });

  it('keeps what arrived whole, and says of each other file what became of it and where it belongs', async () => {
    const dataFolder = await temporaryFolder({ 'set/old.txt': 'something else' });
    const altered = datasetOf('b.txt').downloads?.map((file) => ({ ...file, sha256: sha256('other') })) ?? [];
    const dataset = datasetOf('a.txt', 'none.txt', 'cut.txt', 'old.txt');
    const downloads = [...(dataset.downloads ?? []), ...altered];
    const problems = await problemsOf(getDataset({ ...dataset, downloads }, dataFolder));
    expect(problems.map(({ code }) => code)).toEqual([
      'DATA_DOWNLOAD_FAILED',
      'DATA_DOWNLOAD_FAILED',
      'DATA_FILE_DIFFERS',
      'DATA_DOWNLOAD_CORRUPT',
    ]);
    expect(problems[0]?.given).toBe(`${address}/none.txt answers 404 Not Found`);
    expect(problems[0]?.remedy).toContain(
      `fetch ${address}/none.txt by hand and put it at ${join(dataFolder, 'set', 'none.txt')}`,
    );
    expect(readdirSync(join(dataFolder, 'set')).sort()).toEqual(['a.txt', 'old.txt']);
  });

  it('says so of what is in the way and cannot be read', async () => {
    const dataFolder = await temporaryFolder({ 'set/a.txt/x': 'a folder in place of the file' });
    const [problem, other] = await problemsOf(getDataset(datasetOf('a.txt', 'none.txt'), dataFolder));
    expect(problem?.code).toBe('DATA_UNREADABLE_FILE');
    expect(other?.code).toBe('DATA_DOWNLOAD_FAILED');
  });

  it('names the address where there is no connection', async () => {
    const [file] = datasetOf('a.txt').downloads ?? [];
    if (!file) throw new Error('no file');
    const url = 'http://127.0.0.1:9/a.txt';
    const dataset = { ...datasetOf('a.txt'), downloads: [{ ...file, url }] };
    const dataFolder = await temporaryFolder({});
    const [problem] = await problemsOf(getDataset(dataset, dataFolder));
    expect(problem?.code).toBe('DATA_DOWNLOAD_FAILED');
    expect(problem?.given).toContain(url);
    expect(existsSync(join(dataFolder, 'set'))).toBe(false);
  });

  it('says so where files cannot be written', async () => {
    const dataFolder = await temporaryFolder({ set: 'a file in place of the folder' });
    const [problem] = await problemsOf(getDataset(datasetOf('a.txt'), dataFolder));
    expect(problem?.code).toBe('DATA_FOLDER_NOT_WRITABLE');
  });

  it.skipIf(process.getuid?.() === 0)('says so in a folder without permission', async () => {
    const dataFolder = await temporaryFolder({ 'set/x': '' });
    await chmod(join(dataFolder, 'set'), 0o500);
    const [problem] = await problemsOf(getDataset(datasetOf('a.txt'), dataFolder));
    expect(problem?.code).toBe('DATA_FOLDER_NOT_WRITABLE');
  });

  it('says where files come from that nobody serves', async () => {
    const { downloads: _, ...dataset } = datasetOf('a.txt');
    const [problem] = await problemsOf(getDataset(dataset, '/data'));
    expect(problem?.code).toBe('DATA_NOT_DOWNLOADABLE');
    expect(problem?.remedy).toBe('Put them there by hand from a shelf.');
  });
});

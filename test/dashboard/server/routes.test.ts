import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { beforeAll, describe, expect, test } from 'vitest';
import { places } from '../../../src/cli/environment.ts';
import type { Access } from '../../../src/dashboard/server/access.ts';
import type { PageFiles } from '../../../src/dashboard/server/page.ts';
import { ResultsFolder } from '../../../src/dashboard/server/resultsFolder.ts';
import { routes } from '../../../src/dashboard/server/routes.ts';
import { Spaces } from '../../../src/dashboard/space/spaces.ts';
import type { Courses, ExperimentItem, Extremes, RunDetail, Sweep } from '../../../src/dashboard/wire.ts';
import { cellId, madeUpRuns, originalId, temporaryFolder, writeMadeUpResults } from '../../report/madeUpResults.ts';

const page: PageFiles = new Map([
  ['/index.html', { content: Buffer.from('<!doctype html>'), type: 'text/html' }],
  ['/assets/page.js', { content: Buffer.from('1'), type: 'text/javascript' }],
]);
function served(folder: string, access: Access) {
  const results = new ResultsFolder(folder);
  return routes({ results, page, access, spaces: new Spaces(places({}), join(folder, 'cache')) });
}

const own = 'http://127.0.0.1:7007';

let results: string;
let app: Hono;

beforeAll(async () => {
  results = await writeMadeUpResults();
  // Something to be kept from who asks for it.
  writeFileSync(join(results, 'secret.txt'), 'secret');
  mkdirSync(join(results, 'made-up', 'cells', 'ffff'), { recursive: true });
  app = served(results, { host: '127.0.0.1' });
});

const get = (path: string, headers: Record<string, string> = {}, origin = own) =>
  app.request(`${origin}${path}`, { headers });

async function json<T>(path: string): Promise<T> {
  const response = await get(path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
  return (await response.json()) as T;
}

describe('What the page is told', () => {
  test('experiments with how far they are', async () => {
    expect(await json<ExperimentItem[]>('/api/experiments')).toEqual([
      { name: 'made-up', cells: 13, finished: 11, isRunning: false, changed: expect.any(Number) },
    ]);
  });

  test('runs with their states, reasons and numbers as their journals have them', async () => {
    const { head, table } = await json<Sweep>('/api/experiments/made-up');
    expect(head).toMatchObject({
      name: 'made-up',
      axes: ['objective.supCon.temperature', 'objective.vectorSpacePreservation.weight'],
      seeds: [1, 2, 3],
      isRunning: false,
    });
    const run = (id: string) => table.runs.find((found) => found.id === id);
    expect(run(originalId)).toMatchObject({ kind: 'original', status: 'completed', seconds: 12.3 });
    expect(run(cellId(2, 2))).toMatchObject({ status: 'diverged', reason: 'the loss is NaN in step 4' });
    expect(run(cellId(3, 1))).toMatchObject({ status: 'failed', reason: 'Error: out of memory', values: [] });
    expect(run(cellId(3, 3))?.status).toBe('waiting');
    const values = Object.fromEntries(table.metrics.map((metric, i) => [metric, run(originalId)?.values[i]]));
    expect(values).toEqual(madeUpRuns.original);
    expect(head.warnings.join('\n')).toMatch(/not run yet: 1 of 13/);
  });

  test('a metric over the course of runs, NaN included, and what else they log', async () => {
    const { series, metrics } = await json<Courses>(
      `/api/experiments/made-up/courses?metric=train/loss&runs=${cellId(0, 1)},${cellId(2, 2)},unknown`,
    );
    expect(series[cellId(0, 1)]).toEqual({
      step: [1, 2, 3, 4],
      epoch: [0, 0, 0, 0],
      seconds: [0.1, 0.2, expect.closeTo(0.3), 0.4],
      value: [3.5, 3.251, 3.002, 2.503],
    });
    expect(series[cellId(2, 2)]?.value).toEqual([3.5, 3.251, 3.002, 'NaN']);
    expect(Object.keys(series)).toHaveLength(2);
    expect(metrics).toEqual(expect.arrayContaining(['train/terms/supCon', 'validation/knn/macroF1']));
  });

  test('least, greatest and last finite value', async () => {
    const found = await json<Record<string, Extremes>>(
      `/api/experiments/made-up/extremes?metric=train/loss&runs=${cellId(2, 2)},${originalId}`,
    );
    expect(found).toEqual({
      [cellId(2, 2)]: { min: 3.002, max: 3.5, last: 3.002 },
      [originalId]: { min: null, max: null, last: null },
    });
  });

  test('what a run depends on', async () => {
    const detail = await json<RunDetail>(`/api/experiments/made-up/runs/${cellId(0, 1)}`);
    expect(detail).toMatchObject({ id: cellId(0, 1), predictions: [], layers: null });
    expect(detail.conditions).toMatchObject({ seed: 1, 'sampler.batchSize': 32, 'training.learningRate': 3e-4 });
  });

  test('a trained classifier’s predictions without their probabilities, which take more than all the rest', async () => {
    const folder = await writeMadeUpResults();
    const journal = join(folder, 'made-up', 'cells', cellId(0, 1), 'journal.jsonl');
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    const said = { classifier: 'classifier', labelNames: ['a', 'b'], truth: [0, 1], predicted: [0, 0] };
    const records = [
      { type: 'predictions', ...said, probabilities: [0.75, 0.25, 0.5, 0.5], wall: {} },
      { type: 'examples', labelNames: ['a', 'b'], texts: ['one'], probabilities: [[0.75, 0.25]], wall: {} },
    ].map((record) => JSON.stringify(record));
    writeFileSync(journal, [...lines.slice(0, -1), ...records, ...lines.slice(-1), ''].join('\n'));
    const trained = served(folder, { host: '127.0.0.1' });
    // Runs are those of an experiment that has been looked at.
    await trained.request(`${own}/api/experiments/made-up`);
    const response = await trained.request(`${own}/api/experiments/made-up/runs/${cellId(0, 1)}`);
    expect(response.status).toBe(200);
    expect(((await response.json()) as RunDetail).predictions).toEqual([said]);
  });

  test('an experiment that cannot be read is in the list with the reason, and is refused with it', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'broken', 'cells'), { recursive: true });
    writeFileSync(join(folder, 'broken', 'experiment.json'), '{');
    const broken = served(folder, { host: '127.0.0.1' });
    const [item] = (await (await broken.request(`${own}/api/experiments`)).json()) as ExperimentItem[];
    expect(item).toMatchObject({ name: 'broken', problem: expect.stringContaining('EXPERIMENT_FILE_MALFORMED') });
    const refused = await broken.request(`${own}/api/experiments/broken`);
    expect(refused.status).toBe(422);
    expect(await refused.json()).toEqual({ problem: expect.stringContaining('not JSON') });
  });
});

describe('Nobody gets', () => {
  test.each([
    '/api/experiments/nothing',
    '/api/experiments/..',
    '/api/experiments/..%2f..%2fetc',
    `/api/experiments/${encodeURIComponent('../made-up')}`,
    '/api/experiments/made-up/runs/ffff',
    `/api/experiments/made-up/runs/${encodeURIComponent('../../secret.txt')}`,
    '/secret.txt',
    '/made-up/experiment.json',
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '//etc/passwd',
  ])('%s', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain('secret');
  });

  test('courses of what is no cell of the plan', async () => {
    const runs = ['ffff', '../cells/ffff', '..', '', cellId(0, 1)].map(encodeURIComponent).join(',');
    const { series } = await json<Courses>(`/api/experiments/made-up/courses?metric=train/loss&runs=${runs}`);
    expect(Object.keys(series)).toEqual([cellId(0, 1)]);
  });
});

describe('Access', () => {
  test.each([
    '127.0.0.1:7007',
    'localhost:9',
    '[::1]:7007',
    '192.168.1.5:7007',
  ])('is for who calls it %s', async (host) => {
    expect((await get('/', {}, `http://${host}`)).status).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:7007',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ])('is not for a page that reached it as %s', async (host) => {
    for (const path of ['/', '/api/experiments']) expect((await get(path, {}, `http://${host}`)).status).toBe(403);
  });

  test('beyond loopback takes the token, which becomes a cookie and leaves the address', async () => {
    const token = 'a'.repeat(32);
    const guarded = served(results, { host: '0.0.0.0', token });
    const ask = (path: string, cookie = '') => guarded.request(`http://10.0.0.1:7007${path}`, { headers: { cookie } });
    for (const path of ['/', '/api/experiments', '/?token=', `/?token=${'b'.repeat(32)}`, '/?token=a']) {
      expect((await ask(path)).status).toBe(401);
    }
    const entered = await ask(`/?token=${token}`);
    expect(entered.status).toBe(302);
    expect(entered.headers.get('location')).toBe('/');
    const cookie = entered.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
    expect((await ask('/api/experiments', cookie.split(';')[0])).status).toBe(200);
    expect((await ask('/api/experiments', 'contrafit-7007=b')).status).toBe(401);
  });

  test('every answer forbids scripts, frames and addresses of others', async () => {
    for (const path of ['/', '/api/experiments', '/nothing']) {
      const { headers } = await get(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|http/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
  });
});

import { describe, expect, test } from 'vitest';
import { WandbApi } from '../../src/wandb/api.ts';
import { Connection } from '../../src/wandb/connection.ts';
import { settingsFor, testServer } from './madeUpRun.ts';
import { apiKey, type Fault, type WandbServer } from './server.ts';

const run = { name: 'r', project: 'p', tags: ['a'], groupName: 'g', config: '{"lr":{"value":1}}' };

function apiOf(server: WandbServer, { retries = 0, requestTimeout = 60_000, key = apiKey } = {}) {
  const settings = settingsFor(server, { apiKey: key });
  return new WandbApi(settings, { retries, requestTimeout, signal: new AbortController().signal });
}

describe.concurrent('The API', () => {
  test('tells where a run is, and sends its lines and files there', async (context) => {
    const server = await testServer(context);
    const api = apiOf(server);
    const address = await api.upsertRun(run);
    expect(address).toEqual({ entity: 'tester', project: 'p', runId: 'r' });
    await api.stream(address, { files: { 'wandb-history.jsonl': { offset: 0, content: ['{"a":1}', '{"a":2}'] } } });
    await api.uploadFile(address, 'media/a #1.png', Buffer.from([1, 255]));
    expect(await api.historyRows(address)).toBe(2);
    expect(await api.historyRows({ ...address, runId: 'unknown' })).toBe(0);
    expect(await api.defaultEntity()).toBe('tester');
    const stored = server.runs.get('r');
    expect(stored).toMatchObject({ tags: ['a'], group: 'g', config: { lr: { value: 1 } } });
    expect(stored?.files.get('media/a #1.png')).toEqual(Buffer.from([1, 255]));
  });

  test.for<[string, Fault]>([
    ['429', { status: 429, retryAfter: 0 }],
    ['500', { status: 500 }],
    ['a broken connection', 'drop'],
    ['no answer', 'hang'],
  ])('tries again after %s', async ([, fault], context) => {
    const server = await testServer(context);
    server.faults = ({ nth }) => (nth === 0 ? fault : undefined);
    await apiOf(server, { retries: 1, requestTimeout: fault === 'hang' ? 3000 : 60_000 }).upsertRun(run);
    expect(server.requests).toHaveLength(2);
    expect(server.runs.has('r')).toBe(true);
  });

  test.for<[string, Fault, RegExp]>([
    ['401', { status: 401 }, /^WANDB_REFUSED: graphql at .+ \(status 401\); .+Check WANDB_API_KEY/],
    ['410', { status: 410 }, /^WANDB_NOT_TAKEN: graphql at .+ \(status 410\)/],
    ['503', { status: 503 }, /^WANDB_UNREACHABLE: graphql at .+ \(status 503\)/],
    ['a broken connection', 'drop', /^WANDB_UNREACHABLE: graphql at .+ \(\w+\)/],
    ['no answer', 'hang', /^WANDB_UNREACHABLE: graphql at .+ \(no answer in time\)/],
  ])('says what is wrong with %s, without the key', async ([, fault, said], context) => {
    const server = await testServer(context);
    server.faults = () => fault;
    const failed = apiOf(server, { requestTimeout: fault === 'hang' ? 300 : 60_000 }).upsertRun(run);
    await expect(failed).rejects.toThrow(said);
    const text = String(await failed.catch((error: Error) => `${error.stack} ${JSON.stringify(error)}`));
    expect(text).not.toContain(apiKey);
    expect(text).not.toContain(Buffer.from(`api:${apiKey}`).toString('base64'));
  });

  test('takes an answer that is no JSON for a server that cannot be reached', async (context) => {
    const server = await testServer(context);
    const settings = { baseUrl: `${server.url}/graphql#`, apiKey };
    const api = new WandbApi(settings, { retries: 0, requestTimeout: 60_000, signal: new AbortController().signal });
    await expect(api.stream({ entity: 'e', project: 'p', runId: 'r' }, {})).rejects.toThrow('WANDB_NOT_TAKEN');
  });
});

describe.concurrent('A connection', () => {
  const patience = { retries: 0, requestTimeout: 60_000 };

  test('leaves a server alone that could not be reached, until it is reopened', async (context) => {
    const server = await testServer(context);
    const connection = new Connection(settingsFor(server), patience);
    await server.down();
    const work = async () => void (await connection.api().upsertRun(run));
    await connection.attempt(work);
    expect(connection.reason).toMatch(/^graphql at .+ \(ECONNREFUSED\)$/);
    await server.up();
    await connection.attempt(work);
    expect(server.requests).toHaveLength(0);
    connection.reopen();
    await connection.attempt(work);
    expect(server.runs.has('r')).toBe(true);
  });

  test('asks no more with a key that was refused', async (context) => {
    const server = await testServer(context);
    const connection = new Connection(settingsFor(server, { apiKey: 'wrong' }), patience);
    const work = async () => void (await connection.api().upsertRun(run));
    await connection.attempt(work);
    connection.reopen();
    await connection.attempt(work);
    expect(server.requests.map(({ status }) => status)).toEqual([401]);
  });

  test('goes on with the others when one run is not taken', async (context) => {
    const server = await testServer(context);
    const connection = new Connection(settingsFor(server), patience);
    server.faults = ({ index }) => (index === 0 ? { status: 409 } : undefined);
    const work = async () => void (await connection.api().upsertRun(run));
    await connection.attempt(work);
    await connection.attempt(work);
    expect(server.runs.has('r')).toBe(true);
  });
});

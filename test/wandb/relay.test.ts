import { expect, type TestContext, test } from 'vitest';
import { basicAuthorization } from '../../src/wandb/api.ts';
import { type Arrival, Relay } from '../../src/wandb/relay.ts';
import { settingsFor, testServer } from './madeUpRun.ts';
import { apiKey, defaultEntity, type WandbServer } from './server.ts';

const upsert = {
  query:
    'mutation UpsertBucket($name: String) { upsertBucket(input: {name: $name, modelName: $project}) { bucket { name } } }',
  variables: { name: 'r', project: 'p' },
};

async function startRelay({ onTestFinished }: TestContext, server: WandbServer): Promise<Relay> {
  const relay = await Relay.start(settingsFor(server), { retries: 2, requestTimeout: 60_000 });
  onTestFinished(() => relay.stop());
  return relay;
}

function post(relay: Relay, path: string, body: unknown, token = relay.token): Promise<Response> {
  const headers = { authorization: basicAuthorization(token), 'user-agent': 'an SDK' };
  return fetch(relay.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

const stream = `/files/${defaultEntity}/p/r/file_stream`;
const lines = (offset: number, ...content: string[]) => ({ files: { 'wandb-history.jsonl': { offset, content } } });

test('Requests go to the server with the key, and answers come back', async (context) => {
  const server = await testServer(context);
  const relay = await startRelay(context, server);
  const answer = await post(relay, '/graphql', upsert);
  expect(await answer.json()).toMatchObject({ data: { upsertBucket: { bucket: { name: 'r' } } } });
  expect((await post(relay, stream, lines(0, '{"a":1}'))).status).toBe(200);
  expect(server.runs.get('r')?.rows()).toEqual([{ a: 1 }]);
  expect(server.requests.map(({ client }) => client)).toEqual(['an SDK', 'an SDK']);
});

test('Nobody else is let through, and the key is not told', async (context) => {
  const server = await testServer(context);
  const relay = await startRelay(context, server);
  expect(relay.token).not.toContain(apiKey);
  for (const token of ['', 'wrong', apiKey]) {
    const answer = await post(relay, '/graphql', upsert, token);
    expect(answer.status).toBe(401);
    expect(JSON.stringify([...answer.headers]) + (await answer.text())).not.toContain(apiKey);
  }
  expect(server.requests).toHaveLength(0);
});

test('What fails in passing is tried again; what fails for good is answered as it is', async (context) => {
  const server = await testServer(context);
  const relay = await startRelay(context, server);
  await post(relay, '/graphql', upsert);
  server.faults = ({ nth }) => [{ status: 500 }, 'drop' as const][nth];
  expect((await post(relay, stream, lines(0, '{}'))).status).toBe(200);
  server.faults = () => ({ status: 401 });
  expect((await post(relay, stream, lines(1, '{}'))).status).toBe(401);
  await server.down();
  expect((await post(relay, stream, lines(1, '{}'))).status).toBe(502);
  expect(server.runs.get('r')?.history.size).toBe(1);
});

test('A stopped relay leaves nobody waiting', async (context) => {
  const server = await testServer(context);
  const relay = await startRelay(context, server);
  server.faults = () => 'hang';
  const answer = post(relay, '/graphql', upsert).catch(() => undefined);
  while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  relay.stop();
  expect((await answer)?.ok ?? false).toBe(false);
});

test('Lines of a followed run arrive as its log has them, and what has arrived is known', async (context) => {
  const server = await testServer(context);
  const relay = await startRelay(context, server);
  await post(relay, '/graphql', upsert);
  const arrivals: Arrival[] = [];
  const forget = relay.follow('r', {
    line: (place) => ['{"a":NaN}', '{"a":2}'][place],
    onArrival: (arrival) => arrivals.push(arrival),
  });
  await post(relay, stream, {});
  await post(relay, stream, lines(0, '{"a":"NaN","_timestamp":1}', '{"a":2,"_timestamp":1}', '{"a":3}'));
  expect(server.runs.get('r')?.rows()).toEqual([{ a: Number.NaN }, { a: 2 }, { a: 3 }]);
  expect(arrivals).toEqual([{ offset: 0, count: 3 }]);
  server.faults = () => ({ status: 404 });
  await post(relay, stream, lines(3, '{}'));
  server.faults = () => undefined;
  forget();
  await post(relay, stream, lines(3, '{}'));
  expect(arrivals).toHaveLength(1);
});

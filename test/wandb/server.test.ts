import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiKey, defaultEntity, parsePythonJson, startWandbServer, type WandbServer } from './server.ts';

let server: WandbServer;
beforeEach(async () => {
  server = await startWandbServer();
});
afterEach(() => server.close());

const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;

function post(path: string, body: unknown, options: RequestInit = {}): Promise<Response> {
  return fetch(server.url + path, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify(body),
    ...options,
  });
}

interface UploadAddresses {
  createRunFiles: { uploadHeaders: string[]; files: [{ name: string; uploadUrl: string }] };
}

interface CreatedAgent {
  createAgent: { agent: { id: string } };
}

interface Heartbeat {
  agentHeartbeat: { commands: string };
}

interface UpsertedSweep {
  upsertSweep: { sweep: { id: string; name: string } };
}

const upsertBucket = `mutation Ours($name: String, $project: String, $groupName: String, $config: JSONString,
  $tags: [String!], $summaryMetrics: JSONString, $sweep: String) {
  upsertBucket(input: {name: $name, modelName: $project, groupName: $groupName, config: $config, tags: $tags,
    summaryMetrics: $summaryMetrics, sweep: $sweep}) { bucket { id name } inserted }
}`;

/** The data of the answer to a document that the server understands. */
async function answerTo<T>(query: string, variables: unknown): Promise<T> {
  const { data } = (await (await post('/graphql', { query, variables })).json()) as { data: T };
  return data;
}

function upsert(variables: Record<string, unknown> = {}): Promise<Response> {
  return post('/graphql', { query: upsertBucket, variables: { name: 'r', project: 'p', ...variables } });
}

/** Posts to the file stream of the run of these tests. */
function stream(body: unknown, options?: RequestInit): Promise<Response> {
  return post(`/files/${defaultEntity}/p/r/file_stream`, body, options);
}

function lines(offset: number, ...content: string[]) {
  return { files: { 'wandb-history.jsonl': { offset, content } } };
}

function stored() {
  const run = server.runs.get('r');
  if (!run) throw new Error('there is no run');
  return run;
}

describe('What is sent', () => {
  test('as a run is kept, and what a later mutation leaves out stays', async () => {
    const variables = { groupName: 'g', config: '{"lr":{"value":0.1}}', tags: ['a', 'b'] };
    expect(await (await upsert(variables)).json()).toMatchObject({
      data: { upsertBucket: { bucket: { name: 'r', project: { name: 'p' } }, inserted: true } },
    });
    expect(await (await upsert({ summaryMetrics: '{"loss":NaN}' })).json()).toMatchObject({
      data: { upsertBucket: { inserted: false } },
    });
    expect(stored()).toMatchObject({
      ...{ entity: defaultEntity, project: 'p', group: 'g', config: { lr: { value: 0.1 } }, tags: ['a', 'b'] },
      ...{ summary: { loss: Number.NaN }, complete: false, state: 'running' },
    });
  });

  test('to the file stream is kept by offset', async () => {
    await upsert();
    await stream(lines(2, '{"_step":2}'));
    await stream(lines(0, '{"_step":0}', '{"_step":1}'));
    await stream({
      files: {
        'wandb-summary.json': { offset: 0, content: ['{"loss":{"min":1}}'] },
        'wandb-events.jsonl': { offset: 0, content: ['{"system.cpu":1}'] },
        'output.log': { offset: 0, content: ['hello'] },
      },
      uploaded: ['a.txt'],
    });
    expect(stored().rows()).toEqual([{ _step: 0 }, { _step: 1 }, { _step: 2 }]);
    expect(stored().eventRows()).toEqual([{ 'system.cpu': 1 }]);
    expect([...stored().output]).toEqual([[0, 'hello']]);
    expect(stored()).toMatchObject({ summary: { loss: { min: 1 } }, announced: ['a.txt'], complete: false });
    await stream({ complete: true, exitcode: 3 });
    expect(stored()).toMatchObject({ complete: true, exitCode: 3, state: 'failed', heartbeats: 4 });
  });

  test('counts as a duplicate only if a line changes', async () => {
    await upsert();
    await stream(lines(0, '{"_step":0}', '{"_step":1}'));
    await stream(lines(0, '{"_step":0}', '{"_step":1}'));
    expect(stored().duplicates).toBe(0);
    await stream(lines(1, '{"_step":7}'));
    expect(stored().duplicates).toBe(1);
    expect(stored().rows()).toEqual([{ _step: 0 }, { _step: 7 }]);
  });

  test('as a file arrives at the address that the server gives, without the key', async () => {
    await upsert();
    const query = `mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
      createRunFiles(input: {entityName: $entity, projectName: $project, runName: $run, files: $files}) {
        runID uploadHeaders files { name uploadUrl }
      }
    }`;
    const variables = { entity: defaultEntity, project: 'p', run: 'r', files: ['media/a #1.png'] };
    const { uploadHeaders, files } = (await answerTo<UploadAddresses>(query, variables)).createRunFiles;
    expect(files).toMatchObject([{ name: 'media/a #1.png' }]);
    const given = Object.fromEntries(uploadHeaders.map((header) => header.split(':')));
    const upload = (headers: Record<string, string>) =>
      fetch(files[0].uploadUrl, { method: 'PUT', headers, body: Buffer.from([1, 2, 255]) });
    expect((await upload({})).status).toBe(403);
    expect((await upload({ ...given, authorization })).status).toBe(400);
    expect(stored().files.size).toBe(0);
    expect((await upload(given)).status).toBe(200);
    expect([...stored().files]).toEqual([['media/a #1.png', Buffer.from([1, 2, 255])]]);
  });

  test('as a sweep is kept and updated by its global id', async () => {
    const query = `mutation UpsertSweep($id: ID, $config: String, $entityName: String, $projectName: String,
      $state: String) {
      upsertSweep(input: {id: $id, config: $config, entityName: $entityName, projectName: $projectName, state: $state}) {
        sweep { id name }
      }
    }`;
    const first = { config: 'method: grid', entityName: 'e', projectName: 'p' };
    const { id, name } = (await answerTo<UpsertedSweep>(query, first)).upsertSweep.sweep;
    await post('/graphql', { query, variables: { id, state: 'FINISHED' } });
    expect([...server.sweeps.values()]).toEqual([
      { id: name, entity: 'e', project: 'p', displayName: undefined, config: 'method: grid', state: 'FINISHED' },
    ]);
    expect((await post('/graphql', { query, variables: { id: 'unknown' } })).status).toBe(400);
  });

  test('as a sweep is run by agents, point by point', async () => {
    const upsertSweep = `mutation UpsertSweep($config: String, $entityName: String, $projectName: String) {
      upsertSweep(input: {config: $config, entityName: $entityName, projectName: $projectName}) { sweep { id name } }
    }`;
    const parameters = { b: { parameters: { c: { values: [1, 2] } } }, a: { values: [{ k: 3 }] } };
    const config = JSON.stringify({ method: 'grid', program: 'x.ts', command: ['x'], parameters });
    const made = { config, entityName: 'e', projectName: 'p' };
    const { name: sweep } = (await answerTo<UpsertedSweep>(upsertSweep, made)).upsertSweep.sweep;
    const query = `query SweepWithRuns($entity: String, $project: String, $sweep: String!) {
      project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { config } }
    }`;
    const place = { entity: 'e', project: 'p' };
    expect(await answerTo(query, { ...place, sweep })).toMatchObject({ project: { sweep: { name: sweep, config } } });
    expect(await answerTo(query, { ...place, sweep: 'other' })).toEqual({ project: null });

    const createAgent = `mutation CreateAgent($host: String!, $sweep: String!) {
      createAgent(input: {host: $host, sweep: $sweep}) { agent { id } }
    }`;
    const newAgent = async () => {
      const { createAgent: created } = await answerTo<CreatedAgent>(createAgent, { host: 'h', sweep });
      return created.agent.id;
    };
    const heartbeat = `mutation Heartbeat($id: ID!, $metrics: JSONString, $runState: JSONString) {
      agentHeartbeat(input: {id: $id, metrics: $metrics, runState: $runState}) { agent { id } commands }
    }`;
    const commands = async (id: string, running = {}) => {
      const variables = { id, metrics: '{}', runState: JSON.stringify(running) };
      return JSON.parse((await answerTo<Heartbeat>(heartbeat, variables)).agentHeartbeat.commands) as unknown;
    };
    const [first, second] = [await newAgent(), await newAgent()];
    const run = (id: string, c: number) => ({
      ...{ type: 'run', run_id: id, program: 'x.ts' },
      args: { a: { value: { k: 3 } }, b: { value: { c } } },
    });
    expect(await commands(first)).toEqual([run('point0', 1)]);
    expect(await commands(first, { point0: true })).toEqual([]);
    await upsert({ sweep, config: '{"a":{"value":{"k":3}},"b":{"value":{"c":2,"d":4}},"e":{"value":5}}' });
    expect(await commands(second)).toEqual([{ type: 'exit' }]);
    expect(server.agentRuns).toEqual(['point0']);
    const unknown = { id: 'nobody', metrics: '{}', runState: '{}' };
    expect((await post('/graphql', { query: heartbeat, variables: unknown })).status).toBe(404);
    expect((await post('/graphql', { query: createAgent, variables: { host: 'h', sweep: 'other' } })).status).toBe(404);
  });

  test('tells a client that resumes how much there is', async () => {
    await upsert();
    await stream(lines(0, '{}', '{}'));
    const query = `query RunResumeStatus($project: String, $entity: String, $name: String!) {
      model(name: $project, entityName: $entity) { bucket(name: $name, missingOk: true) { historyLineCount } }
    }`;
    const ask = async (name: string) =>
      (await post('/graphql', { query, variables: { project: 'p', name } })).json() as Promise<unknown>;
    expect(await ask('r')).toMatchObject({ data: { model: { bucket: { historyLineCount: 2 } } } });
    expect(await ask('other')).toEqual({ data: { model: null } });
  });
});

test('Who asks is told who the key belongs to', async () => {
  const answer = await post('/graphql', { query: 'query Viewer { viewer { id entity } }' });
  expect(await answer.json()).toMatchObject({ data: { viewer: { entity: defaultEntity } } });
  const query = 'query Ask($entityName: String!) { entity(name: $entityName) { organization { id } } }';
  expect(await answerTo(query, { entityName: 'e' })).toEqual({ entity: null });
});

test('What a real server would not take is refused', async () => {
  expect((await post('/graphql', { query: 'query Viewer { viewer { id } }' }, { headers: {} })).status).toBe(401);
  expect((await stream({})).status).toBe(404);
  await upsert();
  expect((await stream({}, { headers: { authorization: 'Basic YXBpOngK' } })).status).toBe(401);
  expect((await stream({ files: { 'output.log': { offset: -1, content: [] } } })).status).toBe(400);
  expect((await stream({}, { body: 'x' })).status).toBe(400);
  expect((await stream({}, { body: ' '.repeat(11 * 2 ** 20) })).status).toBe(413);
  expect((await upsert({ tags: 'a' })).status).toBe(400);
  expect((await post('/graphql', { query: 'query { nothing { id } }' })).status).toBe(400);
  expect((await fetch(`${server.url}/x`, { headers: { authorization } })).status).toBe(404);
  expect(stored().heartbeats).toBe(0);
});

describe('A fault', () => {
  beforeEach(async () => void (await upsert()));

  test('with a status is answered and stores nothing', async () => {
    server.faults = ({ path, nth }) =>
      path.endsWith('file_stream') && nth < 2 ? { status: nth ? 500 : 429, retryAfter: 7 } : undefined;
    const first = await stream(lines(0, '{}'));
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '7']);
    expect((await stream(lines(0, '{}'))).status).toBe(500);
    expect(stored().history.size).toBe(0);
    expect((await stream(lines(0, '{}'))).status).toBe(200);
    expect(stored().history.size).toBe(1);
    expect(server.requests.map(({ status }) => status)).toEqual([200, 429, 500, 200]);
  });

  test('can be bound to an operation, whose name the client chooses', async () => {
    server.faults = ({ operation }) => (operation === 'Ours' ? { status: 401 } : undefined);
    expect((await upsert()).status).toBe(401);
    expect((await stream({})).status).toBe(200);
    expect(server.requests.map(({ operation, index, nth }) => [operation, index, nth])).toEqual([
      ['Ours', 0, 0],
      ['Ours', 1, 1],
      [undefined, 2, 0],
    ]);
  });

  test('drop breaks the connection and stores nothing', async () => {
    server.faults = () => 'drop';
    await expect(stream(lines(0, '{}'))).rejects.toThrow('fetch failed');
    expect(stored().history.size).toBe(0);
  });

  test('dropAfter breaks the connection once everything is stored', async () => {
    server.faults = () => 'dropAfter';
    await expect(stream(lines(0, '{}'))).rejects.toThrow('fetch failed');
    expect(stored().history.size).toBe(1);
    expect(server.requests.at(-1)).not.toHaveProperty('status');
  });

  test('hang lets the client wait for ever', async () => {
    server.faults = () => 'hang';
    await expect(stream(lines(0, '{}'), { signal: AbortSignal.timeout(200) })).rejects.toThrow('timeout');
    expect(stored().history.size).toBe(0);
    expect(server.requests).toHaveLength(2);
  });

  test('delay serves late', async () => {
    server.faults = () => ({ delay: 150 });
    const before = performance.now();
    expect((await stream(lines(0, '{}'))).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(140);
    expect(stored().history.size).toBe(1);
  });
});

describe('A server that is down', () => {
  test('refuses connections, and is back at the same address with what it had', async () => {
    await upsert();
    const { url } = server;
    await server.down();
    await expect(stream({})).rejects.toThrow('fetch failed');
    await server.up();
    expect(server.url).toBe(url);
    expect((await stream({})).status).toBe(200);
  });

  test('has broken the requests that it was serving', async () => {
    server.faults = () => 'hang';
    const request = expect(upsert()).rejects.toThrow('fetch failed');
    while (server.requests.length === 0) await setTimeout(5);
    await server.down();
    await request;
  });
});

test('Bare words for numbers are read outside of strings only', () => {
  expect(parsePythonJson('{"a NaN":[NaN,-Infinity,Infinity,1],"b":"\\"NaN\\" -Infinity"}')).toEqual({
    'a NaN': [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1],
    b: '"NaN" -Infinity',
  });
  expect(() => parsePythonJson('{')).toThrow(SyntaxError);
});

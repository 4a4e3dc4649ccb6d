import { afterEach, describe, expect, type TestContext, test, vi } from 'vitest';
import { Connection } from '../../src/wandb/connection.ts';
import { LiveRun } from '../../src/wandb/liveRun.ts';
import type { RunFolder } from '../../src/wandb/runFolder.ts';
import { RunUpload, uploadRun } from '../../src/wandb/upload.ts';
import { descendantsOf, isAlive, until } from '../cli/command.ts';
import { clockToPass, expectWhole, rowsOf, settingsFor, testFolder, testServer, writeMadeUpRun } from './madeUpRun.ts';
import type { ReceivedRequest, WandbServer } from './server.ts';

const deadline = 20_000;

afterEach(() => void vi.restoreAllMocks());

interface Stage {
  readonly connection: Connection;
  readonly folder: RunFolder;
  readonly upload: RunUpload;
  readonly live: LiveRun;
  /** The SDK's process. */
  readonly pid: number;
}

async function goLive(context: TestContext, server: WandbServer, rows: number): Promise<Stage> {
  const folder = writeMadeUpRun(testFolder(context), { rows });
  const connection = new Connection(settingsFor(server), { retries: 4, requestTimeout: 2000 });
  const upload = new RunUpload(connection.settings, folder);
  const { entity, project } = await upload.begin(connection.api());
  const setup = { entity, project, runId: folder.runId, name: 'A name', config: upload.config };
  const before = descendantsOf(process.pid);
  const live = await LiveRun.start(setup, folder.log, await connection.relay(), deadline);
  if (!live) throw new Error('the SDK did not start');
  const [pid = 0] = descendantsOf(process.pid).filter((one) => !before.includes(one));
  context.onTestFinished(async () => {
    live.kill();
    upload.close();
    await connection.stop();
  });
  return { connection, folder, upload, live, pid };
}

const isFromSdk = ({ client }: ReceivedRequest) => client.startsWith('W&B Internal JS Client');

function linesOf({ path, body }: ReceivedRequest): number {
  if (!path.endsWith('file_stream')) return 0;
  const { files } = JSON.parse(body.toString()) as { files?: Record<string, { content: string[] }> };
  return files?.['wandb-history.jsonl']?.content.length ?? 0;
}

describe.skipIf(process.platform !== 'linux')('A live run', () => {
  test('is delivered by the SDK as its log has it, and an upload adds the rest', async (context) => {
    const server = await testServer(context);
    const { connection, folder, upload, live, pid } = await goLive(context, server, 40);
    live.pump();
    await until(() => live.arrived === 40);
    expect(server.runs.get(folder.runId)?.rows()).toEqual(rowsOf(folder));
    await live.finish(0, deadline);
    await until(() => !isAlive(pid));
    upload.arrived(live.arrived);
    await uploadRun(connection, folder);
    expectWhole(server, folder);
    const [bySdk, byUpload] = [isFromSdk, (request: ReceivedRequest) => !isFromSdk(request)].map((by) =>
      server.requests.filter(by).reduce((sum, request) => sum + linesOf(request), 0),
    );
    expect([bySdk, byUpload]).toEqual([40, 0]);
  });

  test('gets at most 500 rows a second, and 5,000 that have not arrived', async (context) => {
    const server = await testServer(context);
    const { connection, folder, upload, live } = await goLive(context, server, 20_000);
    server.faults = ({ path }) => (path.endsWith('file_stream') ? 'hang' : undefined);
    const pass = clockToPass();
    live.pump();
    live.pump();
    await until(() => server.requests.some((request) => linesOf(request) > 0));
    expect(Math.max(...server.requests.map(linesOf))).toBeLessThan(600);
    for (let second = 0; second < 30; second++) {
      pass(1000);
      live.pump();
    }
    server.faults = () => undefined;
    await live.finish(0, deadline);
    // The last pump may follow arrivals.
    expect(live.arrived).toBeGreaterThanOrEqual(5000);
    expect(live.arrived).toBeLessThanOrEqual(5500);
    upload.arrived(live.arrived);
    await uploadRun(connection, folder);
    expectWhole(server, folder);
  });

  test('of which a batch was lost has arrived up to the gap, and nothing comes twice with another content', async (context) => {
    const server = await testServer(context);
    const { connection, folder, upload, live } = await goLive(context, server, 1200);
    const pass = clockToPass();
    live.pump();
    await until(() => live.arrived > 0);
    const before = live.arrived;
    server.faults = ({ path }) => (path.endsWith('file_stream') ? { status: 400 } : undefined);
    pass(1000);
    live.pump();
    await until(() => server.requests.some((request) => request.status === 400 && linesOf(request) > 0));
    server.faults = () => undefined;
    pass(1000);
    live.pump();
    await live.finish(0, deadline);
    expect(live.arrived).toBe(before);
    upload.arrived(live.arrived);
    await uploadRun(connection, folder);
    expectWhole(server, folder);
  });

  test('ends when its process is killed', async (context) => {
    const server = await testServer(context);
    const { connection, folder, upload, live, pid } = await goLive(context, server, 40);
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    live.pump();
    // Returns, though nobody is there to say that it has finished.
    await live.finish(0, 24 * 3600 * 1000);
    upload.arrived(live.arrived);
    await uploadRun(connection, folder);
    expectWhole(server, folder);
  });

  test('does not come about with a server that refuses or does not answer', async (context) => {
    const server = await testServer(context);
    const folder = writeMadeUpRun(testFolder(context));
    const connection = new Connection(settingsFor(server), { retries: 0, requestTimeout: 1000 });
    const setup = { entity: 'e', project: 'p', runId: folder.runId, name: 'A name', config: {} };
    for (const fault of [{ status: 401 }, 'hang'] as const) {
      server.faults = () => fault;
      expect(await LiveRun.start(setup, folder.log, await connection.relay(), 4000)).toBeUndefined();
    }
    expect(server.requests.length).toBeGreaterThan(1);
    await connection.stop();
  });
});

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Connection } from '../../src/wandb/connection.ts';
import { isSynced } from '../../src/wandb/runFolder.ts';
import { attachToSweep, RunUpload, uploadRun } from '../../src/wandb/upload.ts';
import { missingRows } from '../../src/wandb/uploadProgress.ts';
import { expectWhole, madeUpIdentity, settingsFor, testFolder, testServer, writeMadeUpRun } from './madeUpRun.ts';
import { type Fault, type ReceivedRequest, startWandbServer, type WandbServer } from './server.ts';

const patience = { retries: 0, requestTimeout: 60_000 };

function connectionTo(server: WandbServer): Connection {
  return new Connection(settingsFor(server), patience);
}

/** What a request brings, to tell what is sent again. */
function contentsOf({ path, body, operation }: ReceivedRequest): string[] {
  if (operation) return [];
  if (!path.endsWith('file_stream')) return [path];
  const { files = {} } = JSON.parse(body.toString()) as {
    files?: Record<string, { offset: number; content: string[] }>;
  };
  return Object.entries(files)
    .filter(([file]) => file !== 'wandb-summary.json')
    .flatMap(([file, { offset, content }]) => content.map((_, i) => `${file} ${offset + i}`));
}

describe.concurrent('An upload', () => {
  test('brings everything, once', async (context) => {
    const server = await testServer(context);
    const folder = writeMadeUpRun(testFolder(context), { rows: 30, exitCode: 3 });
    expect(missingRows(folder)).toBe(30);
    await uploadRun(connectionTo(server), folder);
    const { config, notes } = expectWhole(server, folder);
    expect(config).toMatchObject({ lr: { value: 0.1 }, limit: { value: 'Infinity' } });
    expect(notes).toBe(madeUpIdentity().notes);
    expect(missingRows(folder)).toBe(0);
    const sent = server.requests.flatMap(contentsOf);
    expect(new Set(sent).size).toBe(sent.length);
  });

  test.for<Fault>(['drop', 'dropAfter'])('goes on after a cut at any request (%s)', async (fault, context) => {
    const undisturbed = await testServer(context);
    await uploadRun(connectionTo(undisturbed), writeMadeUpRun(testFolder(context), { rows: 20 }));
    const { length } = undisturbed.requests;
    expect(length).toBeGreaterThan(7);
    for (let cut = 0; cut < length; cut++) {
      const server = await startWandbServer();
      const folder = writeMadeUpRun(testFolder(context), { rows: 20 });
      try {
        server.faults = ({ index }) => (index === cut ? fault : undefined);
        await expect(uploadRun(connectionTo(server), folder)).rejects.toThrow('WANDB_UNREACHABLE');
        expect(isSynced(folder)).toBe(false);
        await uploadRun(connectionTo(server), folder);
        expectWhole(server, folder);
        const answered = server.requests.filter(({ index }) => index !== cut).flatMap(contentsOf);
        expect(new Set(answered).size).toBe(answered.length);
      } finally {
        await server.close();
      }
    }
  });

  test('is attached to a sweep afterwards, once', async (context) => {
    const server = await testServer(context);
    const folder = writeMadeUpRun(testFolder(context), { rows: 3 });
    await attachToSweep(connectionTo(server), folder, 'early');
    expect(server.requests).toEqual([]);
    await uploadRun(connectionTo(server), folder);
    const { displayName, config } = server.runs.get(folder.runId) ?? {};
    for (let i = 0; i < 2; i++) await attachToSweep(connectionTo(server), folder, 'sweep1');
    const { runs, requests } = server;
    expect(runs.get(folder.runId)).toMatchObject({ sweep: 'sweep1', displayName, config });
    expect(requests.filter(({ body }) => body.includes('sweep1'))).toHaveLength(1);
    // Another upload does not take it away.
    rmSync(`${folder.log}.synced`);
    await uploadRun(connectionTo(server), folder);
    expect(runs.get(folder.runId)?.sweep).toBe('sweep1');
  });

  test('sends long logs in several requests', async (context) => {
    const server = await testServer(context);
    const folder = writeMadeUpRun(testFolder(context), { rows: 12_000 });
    await uploadRun(connectionTo(server), folder);
    expectWhole(server, folder);
    const sizes = server.requests.map(({ body }) => body.length);
    expect(Math.max(...sizes)).toBeLessThan(6 * 2 ** 20);
    expect(sizes.filter((size) => size > 100_000).length).toBeGreaterThan(2);
  });

  test('begins again at another place, and where its notes are unreadable', async (context) => {
    const server = await testServer(context);
    const folder = writeMadeUpRun(testFolder(context));
    await uploadRun(connectionTo(server), folder);
    const other = await testServer(context);
    rmSync(`${folder.log}.synced`);
    await uploadRun(connectionTo(other), folder);
    expectWhole(other, folder);
    writeFileSync(join(folder.folder, 'upload.json'), '{"his');
    await uploadRun(connectionTo(other), folder);
    expectWhole(other, folder);
    expect(JSON.parse(readFileSync(join(folder.folder, 'upload.json'), 'utf8'))).toMatchObject({ history: 10 });
  });

  test('says which file is missing', async (context) => {
    const server = await testServer(context);
    const folder = writeMadeUpRun(testFolder(context));
    rmSync(folder.files, { recursive: true });
    await expect(uploadRun(connectionTo(server), folder)).rejects.toThrow(/^WANDB_LOG_INCOMPLETE: .+table\.json;/);
    expect(isSynced(folder)).toBe(false);
  });

  test('sends signs of life, and what another way has brought is not sent again', async (context) => {
    const server = await testServer(context);
    const folder = writeMadeUpRun(testFolder(context), { rows: 30 });
    const connection = connectionTo(server);
    const upload = new RunUpload(connection.settings, folder);
    const address = await upload.begin(connection.api());
    expect(server.runs.get('made-up-1')?.config).toMatchObject({
      _wandb: { value: { m: [{ 1: 'train/step' }, {}, {}] } },
    });
    await upload.push(connection.api(), { history: false });
    await upload.push(connection.api(), { history: false });
    const stored = server.runs.get('made-up-1');
    expect([stored?.heartbeats, stored?.events.size, stored?.output.size, stored?.history.size]).toEqual([2, 4, 5, 0]);
    upload.arrived(29);
    upload.close();
    await uploadRun(connection, folder);
    expect(stored?.history.size).toBe(1);
    expect(stored?.events.size).toBe(4);
    expect(address.runId).toBe('made-up-1');
  });
});

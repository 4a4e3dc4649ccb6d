import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { afterEach, describe, expect, type TestContext, test, vi } from 'vitest';
import type { Problem } from '../../src/errors.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { findRunFolders, isSynced } from '../../src/wandb/runFolder.ts';
import type { WandbSettings } from '../../src/wandb/settings.ts';
import { type SyncOutcome, syncRuns } from '../../src/wandb/sync.ts';
import type { SyncClient } from '../../src/wandb/syncClients.ts';
import { writeMadeUpResults } from '../report/madeUpResults.ts';
import { expectWhole, settingsFor, testFolder, testServer, writeMadeUpRun } from './madeUpRun.ts';
import { officialPython } from './officialClient.ts';
import type { WandbServer } from './server.ts';

const clock = () => Date.UTC(2026, 0, 2);

afterEach(() => void vi.unstubAllEnvs());

/** The made-up experiment, of which 11 cells are finished, beside a run that has failed. */
async function results(context: TestContext) {
  const experiment = join(await writeMadeUpResults({}, testFolder(context)), 'made-up');
  const wandb = join(experiment, 'wandb');
  mkdirSync(wandb);
  writeMadeUpRun(wandb, { runId: 'failed-1', exitCode: 1, experiment: 'made-up' });
  return { experiment, wandb };
}

interface Synced extends SyncOutcome {
  readonly problems: readonly Problem[];
}

async function sync(experiment: string, settings: WandbSettings, client: SyncClient = 'contrafit'): Promise<Synced> {
  const problems: Problem[] = [];
  const onRun = (_: string, problem?: Problem) => void (problem && problems.push(problem));
  return { ...(await syncRuns(readExperiment(experiment), settings, { client, clock, onRun })), problems };
}

function expectAllWhole(server: WandbServer, wandb: string): void {
  const folders = findRunFolders(wandb);
  expect(folders).toHaveLength(13);
  for (const folder of folders) expectWhole(server, folder);
  expect(server.runs.size).toBe(13);
  expect(server.runs.get('failed-1')).toMatchObject({ exitCode: 1, state: 'failed' });
}

describe('With this project as the client', () => {
  test('runs that failed and finished cells without W&B are uploaded, once', async (context) => {
    const server = await testServer(context);
    const { experiment, wandb } = await results(context);
    const settings = settingsFor(server);
    const url = `${server.url}/tester/a-project`;
    expect(await sync(experiment, settings)).toEqual({ uploaded: 13, complete: 0, failed: 0, url, problems: [] });
    expectAllWhole(server, wandb);
    const requests = server.requests.length;
    expect(await sync(experiment, settings)).toMatchObject({ uploaded: 0, complete: 13, failed: 0 });
    expect(server.requests.slice(requests).map(({ operation }) => operation)).toEqual(['Viewer']);
  });

  test('runs of others that share the folder are left alone', async (context) => {
    const server = await testServer(context);
    const { experiment } = await results(context);
    const shared = testFolder(context);
    mkdirSync(join(shared, 'wandb'));
    const other = writeMadeUpRun(join(shared, 'wandb'), { runId: 'other-1', experiment: 'other' });
    const python = writeMadeUpRun(join(shared, 'wandb'), { runId: 'a1b2c3d4' });
    writeFileSync(join(shared, 'wandb', 'latest-run'), '');
    const settings = settingsFor(server, { folder: shared });
    expect(await sync(experiment, settings)).toMatchObject({ uploaded: 12, complete: 0, failed: 0 });
    expect([...server.runs.keys()].filter((id) => !id.startsWith('made-up-'))).toEqual([]);
    expect([other, python].map(isSynced)).toEqual([false, false]);
  });

  test.for([
    ['that refuses the key', 'WANDB_REFUSED', false],
    ['that cannot be reached', 'WANDB_UNREACHABLE', true],
  ] as const)('a server %s is noticed at once, with an entity too', async ([, code, isDown], context) => {
    const server = await testServer(context);
    const { experiment, wandb } = await results(context);
    if (isDown) await server.down();
    const settings = settingsFor(server, { entity: 'tester', ...(!isDown && { apiKey: 'wrong' }) });
    await expect(sync(experiment, settings)).rejects.toThrow(code);
    expect(findRunFolders(wandb).filter(isSynced)).toEqual([]);
  });

  test('one run that is not taken does not stop the others', async (context) => {
    const server = await testServer(context);
    const { experiment, wandb } = await results(context);
    const refused = Buffer.from('failed-1');
    server.faults = ({ body }) => (body.includes(refused) ? { status: 409 } : undefined);
    const outcome = await sync(experiment, settingsFor(server));
    expect(outcome).toMatchObject({ uploaded: 12, failed: 1, problems: [{ code: 'WANDB_NOT_TAKEN' }] });
    server.faults = () => undefined;
    expect(await sync(experiment, settingsFor(server))).toMatchObject({ uploaded: 1, complete: 12, failed: 0 });
    expectAllWhole(server, wandb);
  });
});

describe('With the official client', () => {
  /** Puts the command `wandb` on the PATH, which runs `script`, in a folder that is its home. */
  function install(context: TestContext, script: string): void {
    const home = testFolder(context);
    const command = join(home, 'wandb');
    writeFileSync(command, `#!/bin/sh\n${script}\n`);
    chmodSync(command, 0o755);
    vi.stubEnv('PATH', `${home}${delimiter}${process.env.PATH}`);
    for (const name of ['HOME', 'TMPDIR', 'WANDB_DIR', 'WANDB_CONFIG_DIR', 'WANDB_CACHE_DIR', 'WANDB_DATA_DIR']) {
      vi.stubEnv(name, home);
    }
    vi.stubEnv('WANDB_ERROR_REPORTING', 'false');
    // As in a shell from which sweeps are run.
    vi.stubEnv('WANDB_MODE', 'offline');
  }

  test('which is not there, this is said', async (context) => {
    const server = await testServer(context);
    const { experiment } = await results(context);
    vi.stubEnv('PATH', testFolder(context));
    await expect(sync(experiment, settingsFor(server), 'wandb')).rejects.toThrow('WANDB_CLIENT_MISSING');
    expect(await sync(experiment, settingsFor(server), 'auto')).toMatchObject({ uploaded: 13, failed: 0 });
  });

  test('which uploads nothing, but says it has, nothing counts as arrived', async (context) => {
    const server = await testServer(context);
    const { experiment, wandb } = await results(context);
    install(
      context,
      'for last; do :; done; test -d "$last" && touch "$last/$(basename "$last"/*.wandb).synced"; echo done.',
    );
    const outcome = await sync(experiment, settingsFor(server), 'wandb');
    expect(outcome).toMatchObject({ uploaded: 0, failed: 13 });
    expect(outcome.problems[0]).toMatchObject({
      code: 'WANDB_NOT_ARRIVED',
      given: expect.stringMatching(/^\S+: 0 of \d+ rows are on the server after wandb sync \(done\.\)$/),
    });
    server.faults = ({ operation }) => (operation === 'RunResumeStatus' ? { status: 401 } : undefined);
    expect(await sync(experiment, settingsFor(server), 'wandb')).toMatchObject({ uploaded: 0, failed: 13 });
    expect(findRunFolders(wandb).filter(isSynced)).toEqual([]);
  });

  test.skipIf(!officialPython)('everything arrives', async (context) => {
    const server = await testServer(context);
    const { experiment, wandb } = await results(context);
    install(context, `exec '${officialPython}' -I -m wandb "$@"`);
    // The client takes seconds for each.
    await sync(experiment, settingsFor(server));
    const two = findRunFolders(wandb).slice(-2);
    for (const folder of two) {
      rmSync(`${folder.log}.synced`);
      rmSync(join(folder.folder, 'upload.json'));
    }
    const fresh = await testServer(context);
    expect(await sync(experiment, settingsFor(fresh), 'wandb')).toMatchObject({ uploaded: 2, complete: 11, failed: 0 });
    for (const { runId } of two) {
      const stored = fresh.runs.get(runId);
      const expected = server.runs.get(runId);
      expect(stored?.rows()).toEqual(expected?.rows());
      expect(stored).toMatchObject({ group: expected?.group, tags: expected?.tags, jobType: expected?.jobType });
    }
  });
});

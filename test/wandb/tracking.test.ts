import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Cell } from '../../src/sweep/cells.ts';
import { WandbTracking } from '../../src/wandb/tracking.ts';
import { descendantsOf, isAlive, until } from '../cli/command.ts';
import { settingsFor, testFolder, testServer } from './madeUpRun.ts';
import { formsOf, shownOf } from './secrets.ts';
import { apiKey, type WandbServer } from './server.ts';

afterEach(() => void vi.unstubAllEnvs());

const cell = {
  ...{ id: 'abc', kind: 'retrofit', axes: {}, seed: 1 },
  settings: { encoder: 'mini', data: { source: 'embedded' } },
} as unknown as Cell;

/** Starts the tracking of a cell whose journal is not there; gives its process. */
async function startTracking(server: WandbServer, folder: string) {
  const notices: string[] = [];
  const before = descendantsOf(process.pid);
  const setup = { settings: settingsFor(server), experiment: 'e', folder };
  const tracking = new WandbTracking(setup, (text) => notices.push(text));
  expect(tracking.hasStarted).toBe(false);
  tracking.started(cell, join(folder, 'journal.jsonl'), process.pid);
  const isTracker = (pid: number) => !before.includes(pid) && shownOf(pid).title.includes('trackerProcess.ts');
  const pid = await until(() => descendantsOf(process.pid).find(isTracker));
  return { tracking, notices, pid };
}

describe.skipIf(process.platform !== 'linux')('Tracking', () => {
  test('that has nothing to do starts no process', async (context) => {
    const server = await testServer(context);
    const setup = { settings: settingsFor(server), experiment: 'e', folder: testFolder(context) };
    expect(await new WandbTracking(setup, () => {}).close(1000)).toBeUndefined();
  });

  test('has a process of the lowest priority, without the key, that ends with it', async (context) => {
    vi.stubEnv('WANDB_API_KEY', apiKey);
    const folder = testFolder(context);
    const { tracking, pid } = await startTracking(await testServer(context), folder);
    const { title, environment } = shownOf(pid);
    for (const form of formsOf(apiKey)) expect(title + environment).not.toContain(form);
    expect(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[16],
    ).toBe('19');
    tracking.ended(cell, { exitCode: 1, line: 'failed', journal: '' });
    const report = await tracking.close(60_000);
    expect(report).toMatchObject({ runs: 1, incomplete: 1, missingRows: 0, folder: join(folder, 'wandb') });
    expect(isAlive(pid)).toBe(false);
  });

  test('goes on without its process', async (context) => {
    const { tracking, pid } = await startTracking(await testServer(context), testFolder(context));
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    tracking.printed(cell, 'a line');
    tracking.ended(cell, { exitCode: 0, line: 'done', journal: '' });
    expect(await tracking.close(600_000)).toBeUndefined();
  });

  test('does not wait for a process that says nothing', async (context) => {
    const { tracking, pid } = await startTracking(await testServer(context), testFolder(context));
    process.kill(pid, 'SIGSTOP');
    expect(await tracking.close(500)).toBeUndefined();
    expect(isAlive(pid)).toBe(false);
  });

  test('tells what went wrong with one run, and keeps what the process prints', async (context) => {
    const folder = testFolder(context);
    mkdirSync(join(folder, 'logs'));
    writeFileSync(join(folder, 'journal.jsonl'), 'nonsense\n');
    const { tracking, notices } = await startTracking(await testServer(context), folder);
    await until(() => notices.length > 0);
    expect(notices[0]).toMatch(/^W&B: abc: SyntaxError: .+; training goes on, and yarn runs sync makes up for it$/);
    expect(await tracking.close(60_000)).toMatchObject({ runs: 1 });
    expect(existsSync(join(folder, 'logs', 'wandb.log'))).toBe(true);
  });
});

import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { lockFolder } from '../../src/sweep/lock.ts';
import { problemsOf } from '../data/problems.ts';

const root = mkdtempSync(join(tmpdir(), 'contrafit-lock-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A folder as a process that was killed leaves it; its lock gave the last sign of life now or at `lastSign`. */
function abandoned(name: string, lastSign?: Date): string {
  const folder = join(root, name);
  const lock = join(folder, '.lock');
  mkdirSync(lock, { recursive: true });
  if (lastSign) utimesSync(lock, lastSign, lastSign);
  return folder;
}

const ignore = () => {};

// Side by side, since two of them wait for seconds.
describe.concurrent('lockFolder', () => {
  it('makes the folder, and leaves it free when it is released', async () => {
    const folder = join(root, 'new', 'experiment');
    for (let i = 0; i < 2; i++) {
      const unlock = await lockFolder(folder, ignore);
      expect(existsSync(folder)).toBe(true);
      await unlock();
    }
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });

  it('refuses a folder that is locked, until it is released', async () => {
    const folder = join(root, 'held');
    const unlock = await lockFolder(folder, ignore);
    const [problem] = await problemsOf(lockFolder(folder, ignore));
    expect(problem).toMatchObject({ code: 'SWEEP_RUNNING', given: `another sweep is writing ${folder}` });
    await unlock();
    await (await lockFolder(folder, ignore))();
  });

  it('gives a folder to one of two that wait for it', async () => {
    const folder = join(root, 'wanted');
    const unlock = await lockFolder(folder, ignore);
    const waiting = lockFolder(folder, ignore);
    await unlock();
    await (await waiting)();
  });

  it('waits longer than a dead lock lasts where it is told to, until that is aborted', {
    timeout: 30_000,
  }, async () => {
    const folder = join(root, 'patient');
    const unlock = await lockFolder(folder, ignore);
    const enough = new AbortController();
    const waiting = lockFolder(folder, ignore, enough.signal);
    const refused = problemsOf(lockFolder(folder, ignore, enough.signal));
    // Those who are not told to have given up by then.
    await setTimeout(7500);
    await expect(Promise.race([waiting, setTimeout(0, 'still waiting')])).resolves.toBe('still waiting');
    enough.abort();
    expect(await refused).toMatchObject([{ code: 'SWEEP_RUNNING' }]);
    await waiting.catch(() => {});
    await unlock();
  });

  it.each([
    ['just now', undefined],
    ['long ago', new Date(0)],
  ])('takes over the lock of a process killed %s', async (when, lastSign) => {
    const folder = abandoned(`killed ${when}`, lastSign);
    await (await lockFolder(folder, ignore))();
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });

  it.each([
    ['is a file', 'file'],
    ['lies in a file', 'file/results'],
  ])('refuses a folder that %s', async (_, name) => {
    writeFileSync(join(root, 'file'), '');
    const folder = join(root, name);
    const [problem] = await problemsOf(lockFolder(folder, ignore));
    expect(problem?.code).toBe('RESULTS_NOT_WRITABLE');
    expect(problem?.given).toContain(folder);
  });

  it('refuses a folder that is there and cannot be written', async () => {
    // The kernel's files refuse root too, to whom permissions mean nothing.
    const [problem] = await problemsOf(lockFolder('/proc/self', ignore));
    expect(problem?.code).toBe('RESULTS_NOT_WRITABLE');
  });

  it('tells when another process took the lock over', async () => {
    const folder = join(root, 'lost');
    const lost = new Promise<void>((resolve) => void lockFolder(folder, resolve));
    while (!existsSync(join(folder, '.lock'))) await setTimeout(20);
    rmSync(join(folder, '.lock'), { recursive: true });
    await lost;
  });
});

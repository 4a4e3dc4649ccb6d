import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import {
  createRunFolder,
  findRunFolder,
  findRunFolders,
  isSynced,
  markSynced,
  syncMark,
  wandbFolder,
} from '../../src/wandb/runFolder.ts';

const scratch = mkdtempSync(join(tmpdir(), 'contrafit-folder-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let parent = '';
let count = 0;
beforeEach(() => {
  parent = wandbFolder(join(scratch, String(count++)));
});

const at = Date.parse('2026-01-02T03:04:05.678Z');

test.each([
  ['offline', 'offline-run-20260102_030405-a-run.1'],
  ['online', 'run-20260102_030405-a-run.1'],
] as const)('%s, a folder is called as W&B calls it', (mode, name) => {
  const folder = createRunFolder(parent, 'a-run.1', mode, at);
  expect(folder).toEqual({
    ...{ folder: join(parent, name), runId: 'a-run.1', log: join(parent, name, 'run-a-run.1.wandb') },
    files: join(parent, name, 'files'),
  });
  expect(parent.endsWith('/wandb')).toBe(true);
  expect(readdirSync(folder.folder).sort()).toEqual(['files', 'logs']);
});

test('a folder without a log is not found, one with a log is', () => {
  expect(findRunFolders(parent)).toEqual([]);
  const folder = createRunFolder(parent, 'a', 'offline', at);
  expect(findRunFolders(parent)).toEqual([]);
  writeFileSync(folder.log, '');
  expect(findRunFolders(parent)).toEqual([folder]);
  expect(findRunFolder(parent, 'a')).toEqual(folder);
  expect(findRunFolder(parent, 'b')).toBeUndefined();
});

test('a new attempt replaces all that earlier ones have left, and nothing else', () => {
  const others = ['a-b', 'b', 'b-a'].map((id) => createRunFolder(parent, id, 'offline', at));
  for (const { log } of others) writeFileSync(log, 'other');
  const first = createRunFolder(parent, 'a', 'online', at);
  writeFileSync(first.log, 'first');
  markSynced(first);
  writeFileSync(join(first.files, 'media.json'), '{}');
  // As somebody copies it.
  const copied = join(parent, 'offline-run-20250101_000000-a');
  mkdirSync(copied);
  writeFileSync(join(copied, 'run-a.wandb'), 'copied');
  const second = createRunFolder(parent, 'a', 'offline', at + 1000);
  expect([first.folder, copied].filter((path) => existsSync(path))).toEqual([]);
  expect(readdirSync(second.files)).toEqual([]);
  expect(isSynced(second)).toBe(false);
  writeFileSync(second.log, 'second');
  expect(findRunFolders(parent).map(({ runId }) => runId)).toEqual(['a-b', 'b', 'b-a', 'a']);
  // In the same second, too.
  const third = createRunFolder(parent, 'a', 'offline', at + 1000);
  expect(third.folder).toBe(second.folder);
  expect(existsSync(third.log)).toBe(false);
});

test('folders come by mode and time; what is none is passed over', () => {
  const made = [
    createRunFolder(parent, 'late', 'offline', at + 5000),
    createRunFolder(parent, 'live', 'online', at - 5000),
    createRunFolder(parent, 'early', 'offline', at),
  ];
  for (const { log } of made) writeFileSync(log, '');
  symlinkSync(made[0]?.folder ?? '', join(parent, 'latest-run'));
  for (const name of ['sweep-x', 'run-x', 'offline-run-2026_1-x', 'offline-run-20260102_030405-', 'logs']) {
    mkdirSync(join(parent, name));
  }
  writeFileSync(join(parent, 'debug.log'), '');
  expect(findRunFolders(parent).map(({ runId }) => runId)).toEqual(['early', 'late', 'live']);
});

test('the mark that W&B leaves is ours, too', () => {
  const folder = createRunFolder(parent, 'a', 'offline', at);
  expect(isSynced(folder)).toBe(false);
  writeFileSync(join(folder.folder, 'run-a.wandb.synced'), '');
  expect(isSynced(folder)).toBe(true);
  rmSync(syncMark(folder));
  expect(isSynced(folder)).toBe(false);
  markSynced(folder);
  expect(readdirSync(folder.folder).sort()).toEqual(['files', 'logs', 'run-a.wandb.synced']);
});

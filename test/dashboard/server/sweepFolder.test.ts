import { appendFileSync, cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { SweepFolder } from '../../../src/dashboard/server/sweepFolder.ts';
import type { RunRow } from '../../../src/dashboard/wire.ts';
import { folderAtWork } from '../../../src/sweep/cells.ts';
import { lockFolder } from '../../../src/sweep/lock.ts';
import { cellId, temporaryFolder, writeMadeUpResults } from '../../report/madeUpResults.ts';

let folder: string;
let sweep: SweepFolder;

beforeEach(async () => {
  folder = join(await writeMadeUpResults(), 'made-up');
  sweep = new SweepFolder(folder);
});

const finished = (id: string) => join(folder, 'cells', id);
const rowOf = (runs: readonly RunRow[] | undefined, id: string) => runs?.find((run) => run.id === id);

test('says nothing as long as nothing changes', async () => {
  await sweep.read();
  await sweep.changes();
  expect(await sweep.changes()).toBeUndefined();
});

test('tells of a cell that is finished, and of no other', async () => {
  renameSync(finished(cellId(0, 1)), join(folder, 'aside'));
  await sweep.read();
  await sweep.changes();
  renameSync(join(folder, 'aside'), finished(cellId(0, 1)));
  const update = await sweep.changes();
  expect(update?.table.runs.map(({ id, status }) => [id, status])).toEqual([[cellId(0, 1), 'completed']]);
  expect(update?.cells).toHaveLength(13);
});

test('tells of a run that was computed again', async () => {
  await sweep.read();
  await sweep.changes();
  const again = join(folder, 'again');
  cpSync(finished(cellId(0, 2)), again, { recursive: true });
  rmSync(finished(cellId(0, 1)), { recursive: true });
  renameSync(again, finished(cellId(0, 1)));
  const update = await sweep.changes();
  expect(update?.table.runs.map(({ id }) => id)).toEqual([cellId(0, 1)]);
});

test('follows a cell at work by its journal, also if its last line is not whole', async () => {
  const id = cellId(3, 3);
  const unlock = await lockFolder(folder, () => {});
  const atWork = folderAtWork(folder, id, 12345);
  cpSync(finished(cellId(0, 1)), atWork, { recursive: true });
  const journal = join(atWork, 'journal.jsonl');
  const step =
    '{"type":"step","step":5,"epoch":0,"learningRate":1,"loss":1,"terms":{},"gradientNorm":1,"counts":{},"wall":{}}\n';
  const { table, head } = await sweep.read();
  expect(head.isRunning).toBe(true);
  expect(rowOf(table.runs, id)).toMatchObject({ status: 'running', progress: { step: 4, steps: 4 } });
  expect(head.warnings.join()).not.toContain('not run yet');
  await sweep.changes();
  appendFileSync(journal, step.slice(0, 30));
  expect(await sweep.changes()).toBeUndefined();
  appendFileSync(journal, step.slice(30));
  expect(rowOf((await sweep.changes())?.table.runs, id)?.progress).toEqual({ step: 5, steps: 4 });
  expect(sweep.runFolder(id)).toBe(atWork);
  await unlock();
  expect(rowOf((await sweep.changes())?.table.runs, id)?.status).toBe('interrupted');
  rmSync(atWork, { recursive: true });
  cpSync(finished(cellId(0, 1)), finished(id), { recursive: true });
  expect(rowOf((await sweep.changes())?.table.runs, id)?.status).toBe('completed');
  expect(sweep.runFolder(id)).toBe(finished(id));
});

test('a journal of another format at work is shown as running', async () => {
  const unlock = await lockFolder(folder, () => {});
  const atWork = folderAtWork(folder, cellId(3, 3), 1);
  mkdirSync(atWork);
  writeFileSync(join(atWork, 'journal.jsonl'), '{"type":"begin"}\nwhat\n');
  expect(rowOf((await sweep.read()).table.runs, cellId(3, 3))).toMatchObject({ status: 'running' });
  await unlock();
});

test('a new plan is told as a whole', async () => {
  await sweep.read();
  await sweep.changes();
  rmSync(join(folder, 'experiment.json'));
  await expect(sweep.changes()).rejects.toThrow('EXPERIMENT_FILE_MISSING');
  const other = join(await writeMadeUpResults(), 'made-up');
  cpSync(join(other, 'experiment.json'), join(folder, 'experiment.json'));
  expect((await sweep.changes())?.table.runs).toHaveLength(13);
});

test('what a cell links to outside of the folder is not read', async () => {
  const secret = join(temporaryFolder(), 'secret.txt');
  writeFileSync(secret, 'secret');
  rmSync(join(folder, 'failed', cellId(3, 1), 'error.txt'));
  symlinkSync(secret, join(folder, 'failed', cellId(3, 1), 'error.txt'));
  rmSync(finished(cellId(0, 1)), { recursive: true });
  symlinkSync(join(secret, '..'), finished(cellId(0, 1)));
  cpSync(join(finished(cellId(0, 2)), 'journal.jsonl'), join(secret, '..', 'journal.jsonl'));
  const { table } = await sweep.read();
  for (const id of [cellId(3, 1), cellId(0, 1)]) {
    expect(rowOf(table.runs, id)).toMatchObject({
      status: 'broken',
      reason: expect.stringContaining('OUTSIDE_RESULTS'),
    });
    expect(sweep.runFolder(id)).toBeUndefined();
  }
  expect(JSON.stringify(table)).not.toContain('"secret"');
});

test('only planned cells have a folder to look into', () => {
  for (const name of ['..', '../..', 'experiment.json', '', '__proto__']) expect(sweep.runFolder(name)).toBeUndefined();
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type TestContext, vi } from 'vitest';
import { jsonObject } from '../../src/wandb/items.ts';
import { writeTable } from '../../src/wandb/media.ts';
import type { WandbRecord } from '../../src/wandb/record.ts';
import { RecordLogReader } from '../../src/wandb/recordLog.ts';
import { createRunFolder, isSynced, type RunFolder } from '../../src/wandb/runFolder.ts';
import type { RunIdentity } from '../../src/wandb/runIdentity.ts';
import { RunLog } from '../../src/wandb/runLog.ts';
import type { WandbSettings } from '../../src/wandb/settings.ts';
import { apiKey, parsePythonJson, type StoredRun, startWandbServer, type WandbServer } from './server.ts';

const startedAt = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A folder that is removed when the test is over. */
export function testFolder({ onTestFinished }: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'contrafit-wandb-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes time pass, until mocks are restored. */
export function clockToPass(): (milliseconds: number) => void {
  const now = performance.now.bind(performance);
  let ahead = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
  return (milliseconds) => {
    ahead += milliseconds;
  };
}

/** A server that is closed when the test is over. */
export async function testServer({ onTestFinished }: TestContext): Promise<WandbServer> {
  const server = await startWandbServer();
  onTestFinished(() => server.close());
  return server;
}

export function settingsFor({ url }: WandbServer, more: Partial<WandbSettings> = {}): WandbSettings {
  const names = { project: 'a-project', tags: [], because: 'the test says so', silent: false };
  return { mode: 'online', baseUrl: url, apiKey, ...names, ...more };
}

export function madeUpIdentity(runId = 'made-up-1'): RunIdentity {
  const names = { group: 'a-group', point: 'a-point', jobType: 'retrofit', name: 'A name', notes: 'Notes' };
  return { runId, project: 'a-project', ...names, tags: ['one', 'two'] };
}

export interface MadeUpRun {
  readonly runId?: string;
  readonly rows?: number;
  readonly exitCode?: number;
  /** The experiment that it says it belongs to. */
  readonly experiment?: string;
}

/** Writes the log of a run with rows, NaN among them, console lines, measurements and a table. */
export function writeMadeUpRun(
  parent: string,
  { runId, rows = 10, exitCode = 0, experiment }: MadeUpRun = {},
): RunFolder {
  const identity = madeUpIdentity(runId);
  const folder = createRunFolder(parent, identity.runId, 'offline', startedAt);
  const log = new RunLog(identity, folder);
  const config = {
    lr: 0.1,
    limit: Number.POSITIVE_INFINITY,
    nested: { layers: [1, 2] },
    ...(experiment && { experiment }),
  };
  log.begin({ startedAt, config, host: 'a-host', git: { commit: 'c0ffee', remote: 'https://127.0.0.1/a.git' } });
  for (let step = 1; step < rows; step++) {
    log.row({ 'train/step': step, 'train/loss': step === 2 ? Number.NaN : 1 / step });
    if (step % 5 === 0) log.output(`step ${step}`, startedAt + step);
    if (step % 7 === 0) log.stats({ cpu: step }, startedAt + step);
  }
  const table = writeTable(folder.files, 'a/table', rows, { columns: ['a'], rows: [[1]] });
  log.row(log.attach({ 'a/table': table }));
  log.finish(exitCode);
  return folder;
}

export function recordsOf({ log }: Pick<RunFolder, 'log'>): WandbRecord[] {
  const reader = new RecordLogReader(log);
  const records = [...reader.read()];
  reader.close();
  return records;
}

/** Rows of a run's history, as JSON that knows NaN. */
export function rowsOf(folder: Pick<RunFolder, 'log'>): unknown[] {
  return recordsOf(folder).flatMap(({ history }) => (history ? [parsePythonJson(jsonObject(history.item))] : []));
}

/** Checks that the server holds of a run exactly what its log says. */
export function expectWhole(server: WandbServer, folder: RunFolder): StoredRun {
  const stored = server.runs.get(folder.runId);
  if (!stored) throw new Error(`the server has no run ${folder.runId}`);
  const records = recordsOf(folder);
  const run = records.find((record) => record.run)?.run;
  const summary = records.findLast((record) => record.summary)?.summary;
  const metrics = records.flatMap(({ metric }) => (metric ? [metric.name] : []));
  expect(stored.rows()).toEqual(rowsOf(folder));
  expect([...stored.history.keys()].sort((a, b) => a - b)).toEqual(stored.rows().map((_, place) => place));
  expect(stored.duplicates).toBe(0);
  expect(stored.eventRows()).toHaveLength(records.filter(({ stats }) => stats).length);
  const printed = records.flatMap(({ output_raw: output }) => (output ? [output.line] : []));
  expect([...stored.output.values()].map((line) => line.replace(/^\S+ /, ''))).toEqual(printed);
  expect(stored.summary).toEqual(parsePythonJson(jsonObject(summary?.update ?? [])));
  expect(stored).toMatchObject({
    ...{ project: run?.project, displayName: run?.display_name, group: run?.run_group, jobType: run?.job_type },
    ...{ tags: run?.tags, host: run?.host, commit: run?.git?.commit, repo: run?.git?.remote_url },
    ...{ exitCode: records.find(({ exit }) => exit)?.exit?.exit_code ?? 0, complete: true },
  });
  for (const { key = '' } of run?.config.update ?? []) expect(stored.config[key], key).toHaveProperty('value');
  expect(stored.config).toMatchObject({ _wandb: { value: { m: metrics.map((name) => ({ 1: name })) } } });
  const files = records.flatMap((record) => record.files?.files ?? []);
  expect([...stored.files.keys()].sort()).toEqual(files.map(({ path }) => path).sort());
  for (const { path } of files) expect(stored.files.get(path)).toEqual(readFileSync(join(folder.files, path)));
  expect(stored.announced).toEqual(expect.arrayContaining(files.map(({ path }) => path)));
  expect(isSynced(folder)).toBe(true);
  return stored;
}

import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { compare } from '../../src/report/comparison.ts';
import { comparisonNumbers } from '../../src/report/comparisonNumbers.ts';
import { type JournalRecord, JournalWriter, readJournal } from '../../src/tracking/journal.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { logOfComparison, PastRuns } from '../../src/wandb/pastRuns.ts';
import { endOf, RecordLogReader } from '../../src/wandb/recordLog.ts';
import { createRunFolder, findRunFolders } from '../../src/wandb/runFolder.ts';
import { cellIdentity } from '../../src/wandb/runIdentity.ts';
import { RunLog } from '../../src/wandb/runLog.ts';
import { originalId, temporaryFolder, writeMadeUpResults } from '../report/madeUpResults.ts';
import { cell, journals, settingsWith, start } from './journals.ts';
import { linesOf, readLog, rowsOf, summaryOf } from './logContents.ts';
import { officialPython, readAllWithOfficialReader } from './officialClient.ts';

const scratch = mkdtempSync(join(tmpdir(), 'contrafit-past-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(scratch, String(folders++));

const sweep = { settings: settingsWith(), experiment: 'made-up' };

function writeJournal(records: readonly JournalRecord[]): string {
  const folder = newFolder();
  mkdirSync(folder);
  const path = join(folder, 'journal.jsonl');
  const journal = new JournalWriter(path);
  for (const record of records) journal.write(record);
  journal.close();
  return path;
}

/** Where each record of a log ends. */
function endsOf(path: string): number[] {
  const reader = new RecordLogReader(path);
  const ends: number[] = [];
  for (const _ of reader.read()) ends.push(reader.position);
  reader.close();
  return ends;
}

/** What of a log does not depend on how often its writer was cut off. */
function contentsOf(path: string) {
  const records = readLog(path);
  const count = (kind: keyof (typeof records)[number]) => records.filter((record) => record[kind]).length;
  return {
    rows: rowsOf(records),
    summary: summaryOf(records),
    definitions: records.flatMap(({ metric }) => metric ?? []),
    lines: linesOf(records).map(({ line }) => line),
    run: records.find(({ run }) => run)?.run,
    exit: records.findLast(({ exit }) => exit)?.exit,
    counts: { header: count('header'), run: count('run'), exit: count('exit'), final: count('final') },
    files: [...new Set(records.flatMap(({ files }) => files?.files.map(({ path }) => path) ?? []))],
    end: endOf(path),
    nums: records.every(({ num }, i) => num === i + 1),
  };
}

test('a finished cell has the log that it would have had at work', async () => {
  await fc.assert(
    fc.asyncProperty(journals, async (records) => {
      const journal = writeJournal(records);
      const parent = newFolder();
      const folder = await new PastRuns(sweep, parent).logOf(cell, journal);
      expect(folder.runId).toBe('made-up-0123456789abcdef');
      expect(readdirSync(parent)).toEqual(['offline-run-20261121_065400-made-up-0123456789abcdef']);

      const live = createRunFolder(newFolder(), folder.runId, 'offline', 0);
      const log = new RunLog(cellIdentity(sweep, cell), live);
      for (const record of readJournal(journal)) await log.take(record);
      log.finish(0);
      expect(readFileSync(folder.log)).toEqual(readFileSync(live.log));

      // A log that is whole stays as it is.
      rmSync(journal);
      expect(await new PastRuns(sweep, parent).logOf(cell, journal)).toEqual(folder);
      expect(readFileSync(folder.log)).toEqual(readFileSync(live.log));
    }),
    { numRuns: 20 },
  );
});

test('a cell that an agent has computed keeps the run that the agent has named', async () => {
  const [records] = fc.sample(journals, { numRuns: 1, seed: 20260101 });
  const { experiment } = sweep;
  const start = { experiment, cell: cell.id };
  const journal = writeJournal((records ?? []).map((r) => (r.type === 'start' ? { ...r, ...start } : r)));
  const parent = newFolder();
  const ofAgent = await new PastRuns({ ...sweep, runId: 'abc123' }, parent).logOf(cell, journal);
  expect(ofAgent.runId).toBe('abc123');
  const before = readFileSync(ofAgent.log);
  expect(await new PastRuns(sweep, parent).logOf(cell, journal)).toEqual(ofAgent);
  // Also if the agent's log was cut off.
  truncateSync(ofAgent.log, before.length - 20);
  expect(await new PastRuns(sweep, parent).logOf(cell, journal)).toEqual(ofAgent);
  expect(findRunFolders(parent)).toEqual([ofAgent]);
  // Another agent's run of the same cell is another run.
  expect((await new PastRuns({ ...sweep, runId: 'def456' }, parent).logOf(cell, journal)).runId).toBe('def456');
});

test('experiments that share a folder and a cell have a run each', async () => {
  const [records] = fc.sample(journals, { numRuns: 1, seed: 20260101 });
  const parent = newFolder();
  const runs = await Promise.all(
    ['one', 'other'].map((experiment) => {
      const start = { experiment, cell: cell.id };
      const journal = writeJournal((records ?? []).map((r) => (r.type === 'start' ? { ...r, ...start } : r)));
      return { of: { ...sweep, experiment }, journal };
    }),
  );
  for (let i = 0; i < 2; i++) {
    for (const { of, journal } of runs) {
      const { runId } = await new PastRuns(of, parent).logOf(cell, journal);
      expect(runId).toBe(`${of.experiment}-${cell.id}`);
    }
  }
  expect(findRunFolders(parent)).toHaveLength(2);
});

test('a log that was cut off anywhere is completed to the same', async () => {
  const counts = { header: 1, run: 1, exit: 1, final: 1 };
  const completed: string[] = [];
  const seen = new Set<string>();
  for (const records of fc.sample(journals, { numRuns: 4, seed: 20260101 })) {
    const journal = writeJournal(records);
    const whole = await new PastRuns(sweep, newFolder()).logOf(cell, journal);
    const undisturbed = contentsOf(whole.log);
    expect(undisturbed).toMatchObject({ counts, end: { exitCode: 0 }, nums: true, exit: expect.anything() });
    const kinds = readLog(whole.log).map((record) => Object.keys(record).find((key) => key !== 'num') ?? '');
    const ends = endsOf(whole.log);
    const cuts = [0, 3, 7, ...ends, ...ends.map((end) => end - 2).filter((_, i) => i % 4 === 0)];
    for (const at of cuts) {
      const parent = newFolder();
      cpSync(whole.folder, join(parent, 'offline-run-20260101_000000-made-up-0123456789abcdef'), { recursive: true });
      const [folder] = findRunFolders(parent);
      if (!folder) throw new Error('the copy is not found');
      truncateSync(folder.log, at);
      expect(await new PastRuns(sweep, parent).logOf(cell, journal)).toEqual(folder);
      expect(contentsOf(folder.log), `cut at ${at}`).toEqual(undisturbed);
      completed.push(folder.log);
      seen.add(kinds[ends.indexOf(at)] ?? '');
    }
  }
  const all = ['header', 'run', 'metric', 'history', 'output_raw', 'files', 'summary', 'exit', 'final', 'footer'];
  expect([...seen]).toEqual(expect.arrayContaining(all));
  if (!officialPython) return;
  const sample = completed.filter((_, i) => i % 9 === 0);
  const found = await readAllWithOfficialReader(sample);
  expect(found.map((records) => records.length)).toEqual(sample.map((path) => readLog(path).length));
});

test('what an earlier writer has measured and printed stays', async () => {
  const journal = writeJournal([start, { type: 'end', status: 'completed', steps: 0, metrics: {}, wall: {} }]);
  const parent = newFolder();
  const folder = createRunFolder(parent, 'made-up-0123456789abcdef', 'online', 0);
  const cut = new RunLog(cellIdentity(sweep, cell), folder);
  await cut.take(start);
  cut.output('of the process', 1000);
  cut.stats({ cpu: 1 }, 1000);
  const completed = await new PastRuns(sweep, parent).logOf(cell, journal);
  expect(completed).toEqual(folder);
  const records = readLog(folder.log);
  expect(linesOf(records).map(({ line }) => line)).toEqual([...start.notes, 'of the process'].map((l) => `${l}\n`));
  expect(records.filter(({ stats }) => stats)).toHaveLength(1);
  expect(rowsOf(records)).toHaveLength(1);
});

test('the log of an attempt that failed gives way to that of the one that did not', async () => {
  const end = { type: 'end', status: 'completed', steps: 0, metrics: { 'knn.macroF1': 0.5 }, wall: {} } as const;
  const journal = writeJournal([start, end]);
  const parent = newFolder();
  const failed = createRunFolder(parent, 'made-up-0123456789abcdef', 'offline', 0);
  const log = new RunLog(cellIdentity(sweep, cell), failed);
  await log.take(start);
  log.row({ 'train/step': 1, 'train/loss': 7 });
  log.finish(1);
  expect(endOf(failed.log)).toEqual({ exitCode: 1 });
  const folder = await new PastRuns(sweep, parent).logOf(cell, journal);
  expect(findRunFolders(parent)).toEqual([folder]);
  expect(contentsOf(folder.log)).toEqual(contentsOf((await new PastRuns(sweep, newFolder()).logOf(cell, journal)).log));
});

test('an original encoder is a run without a sweep; online its folder is called so', async () => {
  const results = await writeMadeUpResults();
  const parent = newFolder();
  const online = { ...sweep, settings: { ...sweep.settings, mode: 'online' as const }, sweepId: 'abc' };
  const journal = join(results, 'made-up', 'cells', originalId, 'journal.jsonl');
  const original = { ...cell, id: originalId, kind: 'original' as const };
  const folder = await new PastRuns(online, parent).logOf(original, journal);
  expect(readdirSync(parent)).toEqual([`run-20261121_065400-made-up-${originalId}`]);
  const { run } = readLog(folder.log).find((record) => record.run) ?? {};
  expect(run).toMatchObject({ job_type: 'original' });
  expect(run).not.toHaveProperty('sweep_id');
  const end = readJournal(journal).at(-1);
  const expected = Object.entries(end?.type === 'end' ? end.metrics : {}).map(([name, value]) => [
    name.split('.').join('/'),
    value,
  ]);
  expect(rowsOf(readLog(folder.log))).toEqual([expect.objectContaining(Object.fromEntries(expected))]);
});

test('the comparison is a run with the table and the picture, made anew when it is another one', async () => {
  const results = join(await writeMadeUpResults(), 'made-up');
  const parent = newFolder();
  const startedAt = Date.parse('2026-01-02T03:04:05.000Z');
  await logOfComparison(sweep, parent, results, () => 0);
  const [first] = findRunFolders(parent);
  expect(await logOfComparison(sweep, parent, results, () => startedAt)).toEqual(first);
  const { cells } = readExperiment(results);
  rmSync(join(results, 'cells', cells.at(1)?.cell.id ?? ''), { recursive: true });
  const folder = await logOfComparison(sweep, parent, results, () => startedAt);
  if (!folder) throw new Error('there is no log');
  expect(readdirSync(parent)).toEqual(['offline-run-20260102_030405-made-up-comparison']);
  expect(endOf(folder.log)).toEqual({ exitCode: 0 });
  const records = readLog(folder.log);
  expect(records.find(({ run }) => run)?.run).toMatchObject({
    ...{ run_id: 'made-up-comparison', job_type: 'comparison', display_name: 'made-up: comparison' },
    ...{ run_group: 'made-up · comparison', tags: ['made-up'], start_time: { seconds: startedAt / 1000 } },
  });
  const [row, ...others] = rowsOf(records);
  expect(others).toEqual([]);
  const table = comparisonNumbers(compare(readExperiment(results)));
  const bytesOf = (value: unknown) => {
    const { path, sha256, size } = value as { path: string; sha256: string; size: number };
    const bytes = readFileSync(join(folder.files, path));
    expect([createHash('sha256').update(bytes).digest('hex'), bytes.length]).toEqual([sha256, size]);
    return bytes;
  };
  expect(row?.['sweep/table']).toMatchObject({ ncols: table.columns.length, nrows: table.rows.length });
  expect(JSON.parse(bytesOf(row?.['sweep/table']).toString())).toEqual(
    JSON.parse(JSON.stringify({ columns: table.columns, data: table.rows })),
  );
  const png = bytesOf(row?.['sweep/tradeOff']);
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(row?.['sweep/tradeOff']).toMatchObject({
    ...{ _type: 'image-file', format: 'png', caption: 'made-up' },
    ...{ width: png.readUInt32BE(16), height: png.readUInt32BE(20) },
  });
  expect(records.flatMap(({ files }) => files?.files ?? [])).toHaveLength(2);
  expect(records.find(({ exit }) => exit)?.exit?.exit_code ?? 0).toBe(0);
});

test('without a finished cell there is no comparison', async () => {
  const results = join(await writeMadeUpResults({}, temporaryFolder()), 'made-up');
  for (const id of readdirSync(join(results, 'cells'))) {
    if (id !== originalId) rmSync(join(results, 'cells', id), { recursive: true });
  }
  const parent = newFolder();
  expect(await logOfComparison(sweep, parent, results, () => 0)).toBeUndefined();
  expect(findRunFolders(parent)).toEqual([]);
});

test('a file that is no log is not written over', async () => {
  const journal = writeJournal([start]);
  const folder = createRunFolder(newFolder(), 'made-up-0123456789abcdef', 'offline', 0);
  writeFileSync(folder.log, 'something else');
  const parent = join(folder.folder, '..');
  await expect(new PastRuns(sweep, parent).logOf(cell, journal)).rejects.toThrow(/^WANDB_LOG_MALFORMED/);
  expect(readFileSync(folder.log, 'utf8')).toBe('something else');
});

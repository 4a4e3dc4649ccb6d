import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type JournalRecord, JournalWriter, readJournal } from '../../src/tracking/journal.ts';
import { createRunFolder, findRunFolder } from '../../src/wandb/runFolder.ts';
import type { TrackedCell } from '../../src/wandb/runIdentity.ts';
import { TrackedRun } from '../../src/wandb/trackedRun.ts';
import { Tracker } from '../../src/wandb/tracker.ts';
import { until } from '../cli/command.ts';
import { cellId, originalId, writeMadeUpResults } from '../report/madeUpResults.ts';
import {
  clockToPass,
  expectWhole,
  madeUpIdentity,
  recordsOf,
  rowsOf,
  settingsFor,
  testFolder,
  testServer,
} from './madeUpRun.ts';
import type { WandbServer } from './server.ts';

afterEach(() => void vi.restoreAllMocks());

const experiment = join(await writeMadeUpResults(), 'made-up');
const names = { label: 'a label', point: 'a point', encoder: 'mini', data: 'embedded' };
const cell: TrackedCell = { id: cellId(0, 1), kind: 'retrofit', ...names };
const journal = join(experiment, 'cells', cell.id, 'journal.jsonl');
const clock = () => Date.UTC(2026, 0, 2);

function trackerFor(server: WandbServer, folder: string) {
  const settings = settingsFor(server);
  const notices: string[] = [];
  const surroundings = { clock, onNotice: (text: string) => notices.push(text) };
  return { notices, tracker: new Tracker({ settings, experiment: 'made-up', folder }, surroundings) };
}

/** Results that a sweep is about to write. */
function emptyResults(folder: string): string {
  const results = join(folder, 'made-up');
  mkdirSync(results);
  cpSync(join(experiment, 'experiment.json'), join(results, 'experiment.json'));
  return results;
}

test('A run that is silent for long gives signs of life, and its rows arrive while it goes on', async (context) => {
  const server = await testServer(context);
  const folder = testFolder(context);
  const { tracker } = trackerFor(server, emptyResults(folder));
  const copy = join(folder, 'journal.jsonl');
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
  writeFileSync(copy, `${lines.slice(0, 4).join('\n')}\n`);
  tracker.started(cell, copy, process.pid);
  const id = `made-up-${cell.id}`;
  await until(() => server.runs.get(id)?.history.size === 3);

  const pass = clockToPass();
  for (let sign = 1; sign <= 3; sign++) {
    const { heartbeats = 0 } = server.runs.get(id) ?? {};
    pass(15_001);
    await until(() => (server.runs.get(id)?.heartbeats ?? 0) > heartbeats);
  }
  // And the measurement that it begins with.
  expect(server.runs.get(id)?.events.size).toBe(4);
  expect(server.runs.get(id)).toMatchObject({ state: 'running', complete: false });

  appendFileSync(copy, `${lines.slice(4).join('\n')}\n`);
  tracker.ended(cell.id, { exitCode: 0, line: 'done', journal: copy });
  const report = await tracker.close(20_000);
  expect(report).toMatchObject({ runs: 1, incomplete: 0, missingRows: 0, url: `${server.url}/tester/a-project` });
  const stored = expectWhole(server, findRunFolder(report.folder, id) ?? expect.fail());
  expect(stored.history.size).toBe(readJournal(journal).filter(({ type }) => /step|validation|end/.test(type)).length);
});

test('A run goes live when a server that was down at its start is there', async (context) => {
  const server = await testServer(context);
  await server.down();
  const folder = testFolder(context);
  const { tracker, notices } = trackerFor(server, emptyResults(folder));
  tracker.started(cell, journal, process.pid);
  await until(() => notices.length > 0);
  expect(notices[0]).toMatch(/ECONNREFUSED.+training goes on/);
  await server.up();
  clockToPass()(20_001);
  await until(() => server.runs.get(`made-up-${cell.id}`)?.history.size === 7);
  tracker.ended(cell.id, { exitCode: 0, line: 'done', journal });
  expect(await tracker.close(20_000)).toMatchObject({ runs: 1, incomplete: 0 });
});

test('A run that ends while its picture is drawn has all of its log', async (context) => {
  const folder = testFolder(context);
  const predictions: JournalRecord = {
    ...{ type: 'predictions', classifier: 'knn', labelNames: ['a', 'b'], truth: [0, 1], predicted: [1, 1], wall: {} },
  };
  const copy = join(folder, 'journal.jsonl');
  const writer = new JournalWriter(copy);
  for (const record of readJournal(journal)) {
    if (record.type === 'end') writer.write(predictions);
    writer.write(record);
  }
  writer.close();
  const run = createRunFolder(folder, 'r', 'offline', clock());
  const tracked = new TrackedRun(madeUpIdentity('r'), run, { journal: copy, pid: process.pid }, undefined, clock);
  const ticking = tracked.tick();
  await tracked.end({ exitCode: 0, line: 'done', journal: copy });
  await ticking;
  const records = recordsOf(run);
  expect(records.at(-1)).toHaveProperty('footer');
  expect(rowsOf(run).at(-1)).toHaveProperty('knn/confusionMatrixImage');
  expect(records.filter(({ history }) => history)).toHaveLength(7);
});

test('What goes wrong with one run does not concern the others', async (context) => {
  const server = await testServer(context);
  const folder = testFolder(context);
  const { tracker, notices } = trackerFor(server, emptyResults(folder));
  const broken = join(folder, 'journal.jsonl');
  writeFileSync(broken, '{"type":"nonsense"}\n');
  tracker.started({ ...cell, id: 'broken' }, broken, process.pid);
  tracker.started(cell, journal, process.pid);
  tracker.found({ ...cell, id: originalId, kind: 'original' }, join(folder, 'no such journal'));
  await until(() => notices.length > 0);
  tracker.ended('broken', { exitCode: 1, line: 'failed', journal: broken });
  tracker.ended(cell.id, { exitCode: 0, line: 'done', journal });
  const report = await tracker.close(20_000);
  expect(report).toMatchObject({ runs: 2, incomplete: 1 });
  expect(notices).toHaveLength(2);
  expectWhole(server, findRunFolder(report.folder, `made-up-${cell.id}`) ?? expect.fail());
});

test('Its end comes within the patience it is given, also twice', async (context) => {
  const server = await testServer(context);
  server.faults = () => 'hang';
  const folder = testFolder(context);
  const { tracker } = trackerFor(server, emptyResults(folder));
  tracker.started(cell, journal, process.pid);
  tracker.ended(cell.id, { exitCode: 0, line: 'done', journal });
  const reports = await Promise.all([tracker.close(2000), tracker.close(1000)]);
  for (const report of reports) expect(report).toMatchObject({ runs: 1, incomplete: 1, missingRows: 7 });
  expect(existsSync(`${findRunFolder(reports[0].folder, `made-up-${cell.id}`)?.log}.synced`)).toBe(false);
});

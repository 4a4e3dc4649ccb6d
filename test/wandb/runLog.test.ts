import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { NumberTable } from '../../src/report/comparisonNumbers.ts';
import { confusionMatrixTable } from '../../src/report/confusionMatrixChart.ts';
import type { JournalRecord } from '../../src/tracking/journal.ts';
import { metricDefinition } from '../../src/wandb/metricDefinition.ts';
import { RecordLogReader } from '../../src/wandb/recordLog.ts';
import { createRunFolder, isSynced, type RunFolder } from '../../src/wandb/runFolder.ts';
import { cellIdentity, type RunIdentity } from '../../src/wandb/runIdentity.ts';
import { RunLog } from '../../src/wandb/runLog.ts';
import { cell, journals, settingsWith, start } from './journals.ts';
import { linesOf, readLog, rowsOf, summaryOf, valuesOf } from './logContents.ts';
import { officialPython, officialSync, readAllWithOfficialReader } from './officialClient.ts';
import { startWandbServer } from './server.ts';

const scratch = mkdtempSync(join(tmpdir(), 'contrafit-runlog-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const startedAt = Date.parse('2026-11-21T06:54:00.250Z');

const identity = cellIdentity({ settings: settingsWith(), experiment: 'made-up' }, cell);
let folders = 0;

async function logOf(journal: readonly JournalRecord[], given: RunIdentity = identity, exitCode = 0) {
  const folder = createRunFolder(join(scratch, String(folders++)), given.runId, 'offline', startedAt);
  const log = new RunLog(given, folder);
  for (const record of journal) await log.take(record);
  log.finish(exitCode);
  return folder;
}

const slashed = (prefix: string, values: Readonly<Record<string, number>> = {}) =>
  Object.entries(values).map(([name, value]): [string, number] => [prefix + name.split('.').join('/'), value]);

/** What the history of a journal should hold, media aside, by the table in `loggedMetrics.ts`. */
function expectedRows(journal: readonly JournalRecord[]): Record<string, unknown>[] {
  let elapsed = 0;
  const rows: Record<string, unknown>[] = [];
  const add = (entries: readonly (readonly [string, number])[]) =>
    rows.push({
      ...Object.fromEntries(entries),
      ...{ _step: rows.length, _runtime: elapsed, _timestamp: startedAt / 1000 + elapsed },
    });
  for (const record of journal) {
    const { seconds } = record.wall as { seconds?: number };
    if (record.type === 'step') {
      elapsed += seconds ?? 0;
      add([
        ...[['train/step', record.step] as const, ['train/loss', record.loss] as const],
        ...[['train/gradientNorm', record.gradientNorm] as const, ['train/epoch', record.epoch] as const],
        ...slashed('train/terms/', record.terms),
        ['train/learningRate', record.learningRate],
        ...slashed('train/counts/', record.counts),
        ...(seconds ? [['train/stepsPerSecond', 1 / seconds] as const] : []),
        ...slashed('conflict/norms/', record.conflict?.norms),
        ...slashed('conflict/cosines/', record.conflict?.cosines),
      ]);
    }
    if (record.type === 'validation') {
      elapsed += seconds ?? 0;
      add([['train/step', record.step], ...slashed('validation/', record.metrics)]);
    }
    if (record.type === 'end') {
      elapsed = seconds ?? elapsed;
      add([['train/step', record.evaluatedStep ?? record.steps], ...slashed('', record.metrics)]);
    }
  }
  return rows;
}

/** What the console should show, and when in milliseconds. */
function expectedLines(journal: readonly JournalRecord[]): [line: string, at: number][] {
  let elapsed = 0;
  return journal.flatMap((record): [string, number][] => {
    const { seconds } = record.wall as { seconds?: number };
    if (record.type === 'start') return record.notes.map((note) => [note, startedAt]);
    if (record.type === 'event') return [[record.event, startedAt + 1000 * (seconds ?? elapsed)]];
    if (record.type === 'step' || record.type === 'validation') elapsed += seconds ?? 0;
    return [];
  });
}

/** Of all values that a metric had, in the order of the rows, what the summary should say. */
function expectedSummary(name: string, values: readonly unknown[]): unknown {
  const last = values.at(-1);
  const isLoss = name === 'train/loss' || name.startsWith('train/terms/');
  const isLower = /\/(deltaEmb|logLoss)$/.test(name);
  const isHigher = /\/(macroF1|accuracy|macroF1At5)$/.test(name);
  if (!isLoss && !(name.startsWith('validation/') && (isLower || isHigher))) return last;
  const sorted = values
    .map(Number)
    .filter((value) => !Number.isNaN(value))
    .sort((a, b) => (a < b ? -1 : 1));
  const [least = Number.NaN] = sorted;
  const greatest = sorted.at(-1) ?? Number.NaN;
  if (isLoss) return { min: least, last };
  return isLower ? { min: least, best: least, last } : { max: greatest, best: greatest, last };
}

function mediaOf(journal: readonly JournalRecord[]): { key: string; table: NumberTable }[] {
  return journal.flatMap((record): { key: string; table: NumberTable }[] => {
    if (record.type === 'predictions') {
      return [{ key: `${record.classifier.replace('.', '/')}/confusionMatrix`, table: confusionMatrixTable(record) }];
    }
    if (record.type !== 'layers') return [];
    const finite = (value: number) => (Number.isFinite(value) ? value : null);
    const rows = record.drift.map((layer, i) => [i, ...[layer.deltaEmb, layer.deltaCos, layer.cka].map(finite)]);
    return [{ key: 'drift/layers', table: { columns: ['layer', 'deltaEmb', 'deltaCos', 'cka'], rows } }];
  });
}

function expectFile({ files }: RunFolder, value: unknown): Buffer {
  const { path, sha256, size } = value as { path: string; sha256: string; size: number };
  const bytes = readFileSync(join(files, path));
  expect({ sha256, size }).toEqual({ sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length });
  return bytes;
}

describe('the log of a journal', () => {
  const logs: RunFolder[] = [];

  test('holds all that the journal says', async () => {
    await fc.assert(
      fc.asyncProperty(journals, fc.nat(255), async (journal, exitCode) => {
        const folder = await logOf(journal, identity, exitCode);
        logs.push(folder);
        const records = readLog(folder.log);
        expect(records.map(({ num }) => num)).toEqual(records.map((_, i) => i + 1));

        const rows = rowsOf(records);
        const tables = mediaOf(journal);
        const expected = expectedRows(journal);
        const last = rows.at(-1) ?? {};
        expect(rows).toEqual([
          ...expected.slice(0, -1),
          { ...expected.at(-1), ...Object.fromEntries(tables.map(({ key }) => [key, expect.anything()])) },
        ]);
        for (const { key, table } of tables) {
          const { columns, rows } = table;
          expect(last[key]).toMatchObject({ _type: 'table-file', ncols: columns.length, nrows: rows.length });
          expect(JSON.parse(expectFile(folder, last[key]).toString())).toEqual({ columns, data: rows });
        }
        const named = records.flatMap(({ files }) => files?.files ?? []);
        expect(named.map(({ path }) => path)).toEqual(tables.map(({ key }) => (last[key] as { path: string }).path));
        for (const file of named) expect(file).toMatchObject({ policy: 1, type: 2 });

        const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
        const runtime = Math.round(Number(last._runtime));
        expect(summaryOf(records)).toEqual({
          ...Object.fromEntries(
            names.map((name) => [
              name,
              expectedSummary(
                name,
                rows.flatMap((row) => (Object.hasOwn(row, name) ? [row[name]] : [])),
              ),
            ]),
          ),
          _wandb: { runtime },
        });

        const definitions = records.flatMap(({ metric }) => metric ?? []);
        expect(definitions[0]?.name).toBe('train/step');
        const measured = names.filter((name) => !name.startsWith('_'));
        expect(definitions.map(({ name }) => name).sort()).toEqual(measured.sort());
        for (const definition of definitions) expect(definition).toEqual(metricDefinition(definition.name));
        for (const name of measured) {
          const defined = records.findIndex(({ metric }) => metric?.name === name);
          const used = records.findIndex(({ history }) => history?.item.some((item) => item.nested_key?.[0] === name));
          expect(defined).toBeLessThan(used);
        }

        const lines = linesOf(records);
        const expectedOutput = expectedLines(journal);
        expect(lines.map(({ line }) => line)).toEqual(expectedOutput.map(([line]) => `${line}\n`));
        for (const [i, [, at]] of expectedOutput.entries()) expect(lines[i]?.at).toBeCloseTo(at, 2);

        expect(Object.keys(records[0] ?? {})).toContain('header');
        expect(Object.keys(records[1] ?? {})).toContain('run');
        expect(records.slice(-4)).toMatchObject([{ summary: {} }, { exit: {} }, { final: {} }, { footer: {} }]);
        const { exit } = records.at(-3) ?? {};
        expect([exit?.exit_code ?? 0, exit?.runtime ?? 0]).toEqual([exitCode, runtime]);
      }),
      { numRuns: 60 },
    );
  });

  test.skipIf(!officialPython)('is read alike by the official reader (takes a Python with wandb)', async () => {
    const found = await readAllWithOfficialReader(logs.map(({ log }) => log));
    for (const [i, { log }] of logs.entries()) {
      const records = readLog(log);
      const official = (found[i] ?? []) as typeof records;
      expect(official.map(({ num }) => Number(num))).toEqual(records.map(({ num }) => num));
      expect(rowsOf(official)).toEqual(rowsOf(records));
      expect(official.map(({ history }) => Number(history?.step?.num ?? 0))).toEqual(
        records.map(({ history }) => history?.step?.num ?? 0),
      );
      expect(summaryOf(official)).toEqual(summaryOf(records));
      const kinds = (list: typeof records) => list.map((record) => Object.keys(record).sort());
      expect(kinds(official)).toEqual(kinds(records));
    }
  });
});

test('a run says what it is', async () => {
  const environment = {
    WANDB_ENTITY: 'a-team',
    WANDB_PROJECT: 'a-project',
    WANDB_NOTES: 'Some notes',
    WANDB_TAGS: 'x',
  };
  const settings = settingsWith(environment);
  const identity = cellIdentity({ settings, experiment: 'made-up', sweepId: 'abc' }, cell);
  const { log } = await logOf([start], identity, 1);
  const { run } = readLog(log).find((record) => record.run) ?? {};
  expect(run).toEqual({
    ...{ run_id: 'made-up-0123456789abcdef', entity: 'a-team', project: 'a-project', notes: 'Some notes' },
    ...{ run_group: 'made-up · temperature 0.1', job_type: 'retrofit', display_name: 'temperature 0.1 · seed 2' },
    ...{ tags: ['made-up', 'embedded', 'mini', 'x'], sweep_id: 'abc', host: 'a-host', config: expect.anything() },
    start_time: { seconds: 1795244040, nanos: 250_000_000 },
    telemetry: { platform: `${process.platform}-${process.arch}` },
    git: { remote_url: 'https://example.org/repo.git', commit: 'c'.repeat(40) },
  });
  expect(valuesOf(run?.config.update ?? [])).toEqual({
    ...start.settings,
    ...{ experiment: 'made-up', cell: cell.id, kind: 'retrofit', seed: 2, code: start.code, engine: start.engine },
    ...{ point: 'temperature 0.1', hashes: { data: 'd'.repeat(64), encoder: 'e'.repeat(64) } },
    environment: start.wall.environment,
  });
});

test('a run without a clone, an environment or a time is one as well', async () => {
  const { environment } = start.wall;
  const anywhere = { ...start, wall: { ...start.wall, environment: environment && { ...environment, git: null } } };
  const { run: outside } = readLog((await logOf([anywhere])).log)[1] ?? {};
  expect(outside).not.toHaveProperty('git');
  expect(outside).toHaveProperty('host', 'a-host');
  const { run: old } = readLog((await logOf([{ ...start, wall: {} }])).log)[1] ?? {};
  expect(Object.keys(old ?? {}).filter((name) => /^(host|git|entity|notes|sweep_id)$/.test(name))).toEqual([]);
  expect(valuesOf(old?.config.update ?? [])).toHaveProperty('environment', null);
});

test('lines and measurements go in as they come', async () => {
  const folder = createRunFolder(join(scratch, 'lines'), identity.runId, 'online', startedAt);
  const log = new RunLog(identity, folder);
  expect(log.hasBegun).toBe(false);
  log.output('from the process', startedAt + 1500);
  await log.take(start);
  expect(log.hasBegun).toBe(true);
  log.stats({ cpu: 12.5, 'gpu.0.temp': 40, odd: Number.NaN }, startedAt + 2001);
  log.finish(3);
  const records = readLog(folder.log);
  expect(linesOf(records)[0]).toEqual({ line: 'from the process\n', at: startedAt + 1500 });
  const { stats } = records.find((record) => record.stats) ?? {};
  expect(stats).toEqual({
    timestamp: { seconds: 1795244042, nanos: 251_000_000 },
    item: [
      { key: 'cpu', value_json: '12.5' },
      { key: 'gpu.0.temp', value_json: '40' },
      { key: 'odd', value_json: 'NaN' },
    ],
  });
});

describe.skipIf(!officialPython)('wandb sync (takes a Python with wandb)', () => {
  const predictions = { labelNames: ['joy', 'fear'], truth: [0, 1, 1], predicted: [0, 0, 1] };
  const step = { type: 'step', epoch: 0, learningRate: 0.1, gradientNorm: Number.NaN, counts: {} } as const;
  const journal: JournalRecord[] = [
    start,
    { ...step, step: 1, loss: 2, terms: { 'a.b': 2 }, wall: { seconds: 0.5 } },
    { type: 'validation', step: 1, metrics: { 'knn.macroF1': 0.5, 'drift.deltaEmb': 0.1 }, wall: { seconds: 1 } },
    { type: 'event', event: 'evaluating', wall: { seconds: 1.75 } },
    { ...step, step: 2, loss: Number.NaN, terms: { 'a.b': Number.POSITIVE_INFINITY }, wall: { seconds: 0.25 } },
    { type: 'predictions', classifier: 'knn', ...predictions, wall: {} },
    { type: 'predictions', classifier: 'sst2.knn', ...predictions, wall: {} },
    { type: 'layers', texts: 3, drift: [{ deltaEmb: 0, deltaCos: 0.5, cka: Number.NaN }], wall: {} },
    { type: 'end', status: 'diverged', steps: 2, evaluatedStep: 0, metrics: { 'knn.macroF1': 0.25 }, wall: {} },
  ];

  test.each([{ beta: false }, { beta: true }])('delivers a run (beta: $beta)', async ({ beta }) => {
    const settings = settingsWith({ WANDB_PROJECT: 'a-project', WANDB_NOTES: 'Some notes', WANDB_TAGS: 'x,y' });
    const identity = cellIdentity({ settings, experiment: 'made-up', sweepId: 'abc' }, cell);
    const folder = await logOf(journal, identity, 3);
    const server = await startWandbServer();
    try {
      expect(await officialSync(folder.folder, server, { beta })).toMatchObject({ code: 0 });
    } finally {
      await server.close();
    }
    expect(server.requests.filter(({ status }) => status !== 200)).toEqual([]);
    expect(isSynced(folder)).toBe(true);
    const records = readLog(folder.log);
    const run = server.runs.get(identity.runId);
    expect(run).toMatchObject({
      ...{ project: 'a-project', displayName: 'temperature 0.1 · seed 2', group: 'made-up · temperature 0.1' },
      ...{ jobType: 'retrofit', notes: 'Some notes', sweep: 'abc', host: 'a-host', commit: 'c'.repeat(40) },
      ...{ tags: ['made-up', 'embedded', 'mini', 'x', 'y'], repo: 'https://example.org/repo.git' },
      config: { nothing: { value: null }, seed: { value: 2 }, sampler: { value: { batchSize: 32 } } },
      ...{ complete: true, exitCode: 3, state: 'failed', duplicates: 0 },
    });
    expect(run?.rows()).toEqual(rowsOf(records));
    expect(run?.rows().map((row) => row['train/step'])).toEqual([1, 1, 2, 0]);
    expect(run?.summary).toMatchObject({
      'train/loss': { min: 2, last: Number.NaN },
      'train/terms/a/b': { min: 2, last: Number.POSITIVE_INFINITY },
      'validation/knn/macroF1': { max: 0.5, best: 0.5, last: 0.5 },
      ...{ 'knn/macroF1': 0.25, _step: 3 },
    });
    const printed = [...(run?.output.values() ?? [])].join('\n');
    for (const line of [...start.notes, 'evaluating']) expect(printed).toContain(line);

    const last = run?.rows().at(-1) ?? {};
    const keys = ['knn/confusionMatrix', 'knn/confusionMatrixImage', 'sst2/knn/confusionMatrix', 'drift/layers'];
    expect(Object.keys(last)).toEqual(expect.arrayContaining(keys));
    expect(last).not.toHaveProperty(['sst2/knn/confusionMatrixImage']);
    for (const key of keys) {
      const { path } = last[key] as { path: string };
      expect(run?.files.get(path)).toEqual(expectFile(folder, last[key]));
    }
    expect(last['knn/confusionMatrixImage']).toMatchObject({ _type: 'image-file', format: 'png' });
  });
});

test('numbers of a run with very many classes, or without a place for pictures, are kept', async () => {
  const names = Array.from({ length: 101 }, (_, i) => `class ${i}`);
  for (const labelNames of [names, ['a', 'b']]) {
    const folder = createRunFolder(mkdtempSync(join(scratch, 'many-')), 'r', 'offline', 0);
    // A file where the folder of the tables is to be.
    if (labelNames.length === 2) writeFileSync(join(folder.files, 'media'), '');
    const log = new RunLog(identity, folder);
    const predictions = { classifier: 'knn', labelNames, truth: [0, 1], predicted: [1, 1] };
    await log.take({ type: 'predictions', ...predictions, wall: {} });
    await log.take({ type: 'end', status: 'completed', steps: 3, metrics: { 'knn.macroF1': 0.5 }, wall: {} });
    log.finish(0);
    const reader = new RecordLogReader(folder.log);
    const records = [...reader.read()];
    reader.close();
    const row = records.find(({ history }) => history)?.history?.item.map(({ nested_key }) => nested_key?.[0]);
    expect(row).toEqual(['train/step', 'knn/macroF1', '_step', '_runtime', '_timestamp']);
    const printed = records.flatMap(({ output_raw: output }) => output?.line ?? []).join('');
    if (labelNames.length === 2) expect(printed).toMatch(/^no tables and pictures: Error: .+\n$/);
    else expect(printed).toBe('');
  }
});

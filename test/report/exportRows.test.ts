import { parquetReadObjects } from 'hyparquet';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { baseColumns, exportables, exportRows } from '../../src/report/exportRows.ts';
import { queryRows } from '../../src/report/queryRows.ts';
import { tableOf } from '../../src/report/tableFormats.ts';
import { readExperiment, readRun } from '../../src/tracking/results.ts';
import { problemsOf } from '../data/problems.ts';
import { cellId, originalId, writeMadeUpResults } from './madeUpResults.ts';

const experiment = async () => readExperiment(`${await writeMadeUpResults()}/made-up`);

describe('exportRows', () => {
  it('has a row for each finished run, with its place, how it ended and every metric', async () => {
    const results = await experiment();
    const rows = exportRows([results], 'runs');
    const finished = results.cells.filter(({ outcome }) => outcome.state === 'finished');
    expect(rows.map(({ cell }) => cell)).toEqual(finished.map(({ cell }) => cell.id));
    const row = rows.find(({ cell }) => cell === cellId(0, 1));
    expect(row).toMatchObject({
      experiment: 'made-up',
      kind: 'retrofit',
      seed: 1,
      status: 'completed',
      'axes.objective.supCon.temperature': 0.05,
    });
    const outcome = finished.find(({ cell }) => cell.id === cellId(0, 1))?.outcome;
    if (outcome?.state !== 'finished') throw new Error('not finished');
    expect(row).toMatchObject(outcome.run.end.metrics);
    expect(rows.find(({ cell }) => cell === originalId)).toMatchObject({ kind: 'original', seed: null });
  });

  it('tells from which commit and on what a run was computed, or null where its journal does not', async () => {
    const environment = {
      host: 'a',
      platform: 'linux x64',
      cpu: { model: 'B', cores: 2 },
      memoryBytes: 2 ** 34,
      gpus: [],
      threads: 1,
      versions: { contrafit: '1', node: '20', '@tensorflow/tfjs-core': '4', '@tensorflow/tfjs-node-gpu': '4' },
      git: { commit: 'c', dirty: true, remote: null },
    };
    const results = await writeMadeUpResults({ start: (id) => (id === originalId ? { wall: { environment } } : {}) });
    const [original, retrofitted] = exportRows([readExperiment(`${results}/made-up`)], 'runs');
    expect(original).toMatchObject({ commit: 'c', dirty: true, host: 'a', cpu: 'B' });
    expect(retrofitted).toMatchObject({ commit: null, dirty: null, host: null, cpu: null });
  });

  it('has a row for each step of each run', async () => {
    const results = await experiment();
    const rows = exportRows([results], 'steps');
    const own = rows.filter(({ cell }) => cell === cellId(0, 1));
    const { steps } = readRun(`${results.folder}/cells/${cellId(0, 1)}`);
    expect(own.map(({ step, loss }) => ({ step, loss }))).toEqual(steps.map(({ step, loss }) => ({ step, loss })));
    expect(own[0]).toHaveProperty(['terms.supCon']);
    expect(own[0]).not.toHaveProperty('type');
  });
});

describe('queryRows', () => {
  it('answers SQL over runs and metrics as a hand-made loop does', async () => {
    const results = await experiment();
    const [row] = await queryRows(
      [results],
      `select count(*) n, sum(seed) seeds, avg("knn.macroF1") mean from runs where kind = 'retrofit'`,
    );
    const values = exportRows([results], 'runs').flatMap((run) =>
      run.kind === 'retrofit' ? [Number(run['knn.macroF1'])] : [],
    );
    expect(row?.n).toBe(values.length);
    expect(row?.seeds).toEqual(expect.any(Number));
    expect(row?.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 12);
    const best = await queryRows(
      [results],
      `select cell from metrics where metric = 'knn.macroF1' order by value desc limit 1`,
    );
    const [top] = exportRows([results], 'runs').sort((a, b) => Number(b['knn.macroF1']) - Number(a['knn.macroF1']));
    expect(best).toEqual([{ cell: top?.cell }]);
  });

  it('answers over steps', async () => {
    const results = await experiment();
    const [row] = await queryRows([results], 'select count(*) n, min(step) least from steps');
    expect(row).toEqual({ n: exportRows([results], 'steps').length, least: 1 });
  });

  it.each(exportables)('knows the columns of %s where there are none', async (view) => {
    expect(await queryRows([], `select count(*) n from ${view} where experiment = 'x'`)).toEqual([{ n: 0 }]);
    const described = await queryRows([], `describe ${view}`);
    expect(described.map(({ column_name }) => column_name)).toEqual(Object.keys(baseColumns[view]));
  });

  it('keeps NaN a number', async () => {
    expect(await queryRows([], "select 'nan'::double x, [1, 2] list, 1.5 y")).toEqual([
      { x: Number.NaN, list: '[1,2]', y: 1.5 },
    ]);
  });

  it('says what is wrong with a query', async () => {
    const [problem] = await problemsOf(queryRows([await experiment()], 'select nothing from runs'));
    expect(problem?.code).toBe('QUERY_INVALID');
    expect(problem?.given).toContain('nothing');
  });
});

describe('tableOf', () => {
  const rows = [
    { name: 'a, "b"', x: 1.5, only: true },
    { name: 'ä\nc', x: Number.NaN, y: null, z: -3 },
  ];

  it('as CSV has the columns of all rows, quoted where it has to be', async () => {
    const { data, errors } = Papa.parse<Record<string, string>>(String(await tableOf(rows, 'csv')), {
      header: true,
      skipEmptyLines: true,
    });
    expect(errors).toEqual([]);
    expect(data).toEqual([
      { name: 'a, "b"', x: '1.5', only: 'true', y: '', z: '' },
      { name: 'ä\nc', x: 'NaN', only: '', y: '', z: '-3' },
    ]);
  });

  it('as JSON Lines has a row a line, and NaN by its name', async () => {
    const lines = String(await tableOf(rows, 'jsonl'))
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([rows[0], { ...rows[1], x: 'NaN' }]);
  });

  it('as Parquet has numbers, texts and nulls', async () => {
    const { buffer } = (await tableOf(rows, 'parquet')) as Uint8Array<ArrayBuffer>;
    expect(await parquetReadObjects({ file: buffer })).toEqual([
      { name: 'a, "b"', x: 1.5, only: 'true', y: null, z: null },
      { name: 'ä\nc', x: Number.NaN, only: null, y: null, z: -3 },
    ]);
  });

  it('has its base columns without any row too', async () => {
    expect(await tableOf([], 'csv', { a: 'STRING', b: 'DOUBLE' })).toBe('a,b\n');
    expect(await tableOf([], 'jsonl', { a: 'STRING' })).toBe('');
  });
});

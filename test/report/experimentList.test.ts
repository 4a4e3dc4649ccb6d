import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { experimentList, listEntry } from '../../src/report/experimentList.ts';
import { noColours } from '../../src/report/terminal.ts';
import { listExperiments, readExperiment } from '../../src/tracking/results.ts';
import { cellId, writeMadeUpResults } from './madeUpResults.ts';

let results: string;

beforeAll(async () => {
  results = await writeMadeUpResults();
  await writeMadeUpResults({ experiment: 'broken' }, results);
  writeFileSync(join(results, 'broken', 'experiment.json'), '[');
});

function text(brief: boolean): string {
  const list = experimentList(listExperiments(results).map(listEntry), { brief, colours: noColours });
  return list.replaceAll(results, 'results');
}

test('experiments with their cells', () => {
  expect(text(false)).toMatchInlineSnapshot(`
    "broken
      ✗ EXPERIMENT_FILE_MALFORMED: results/broken/experiment.json (not JSON); expected an experiment.json of format 1. Run the sweep again with the same --out to write it anew; finished cells are kept.

    made-up  13 cells: 9 completed, 1 diverged, 1 failed, 1 stopped, 1 missing · 2026-11-21 06:54 UTC · tensorflow (libtensorflow 2.21.0, CPU)
      most gained: temperature 0.05 · weight 1 · macro F1 % 31.3 ± 1.4 (+3.1 ± 1.4) · Δemb 0.0194 ± 0.0017

      cell      place                                  status        Δemb  accuracy %  macro F1 %  took  started (UTC)
      ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────
      0682c5f2  original encoder                       completed        0        31.3        28.1  12 s  2026-11-21 06:54
      5cc3a655  temperature 0.05 · weight 1 · seed 1   completed   0.0193        34.1        31.2  12 s  2026-11-21 06:54
      545b9749  temperature 0.05 · weight 1 · seed 2   completed   0.0201        35.0        31.9  12 s  2026-11-21 06:54
      dcbcbaa9  temperature 0.05 · weight 1 · seed 3   completed   0.0188        33.7        30.8  12 s  2026-11-21 06:54
      020a7c91  temperature 0.05 · weight 10 · seed 1  completed  3.12e-4        33.0        30.0  12 s  2026-11-21 06:54
      f71998fe  temperature 0.05 · weight 10 · seed 2  completed  3.05e-4        33.4        30.3  12 s  2026-11-21 06:54
      63b51e9a  temperature 0.05 · weight 10 · seed 3  completed  3.29e-4        33.2        30.3  12 s  2026-11-21 06:54
      e57acc10  temperature 0.1 · weight 1 · seed 1    completed   0.0226        33.9        30.5  12 s  2026-11-21 06:54
      04412575  temperature 0.1 · weight 1 · seed 2    diverged    0.0193        34.1        31.2  12 s  2026-11-21 06:54
      7bd7df1a  temperature 0.1 · weight 1 · seed 3    completed   0.0230        33.6        30.7  12 s  2026-11-21 06:54
      290a8619  temperature 0.1 · weight 10 · seed 1   failed           –           –           –
      c64b40bd  temperature 0.1 · weight 10 · seed 2   stopped    4.12e-5        30.9        27.6  12 s  2026-11-21 06:54
      cd0cf807  temperature 0.1 · weight 10 · seed 3   missing          –           –           –"
  `);
});

test('experiments only', () => {
  expect(text(true)).toMatchInlineSnapshot(`
    "broken
      ✗ EXPERIMENT_FILE_MALFORMED: results/broken/experiment.json (not JSON); expected an experiment.json of format 1. Run the sweep again with the same --out to write it anew; finished cells are kept.

    made-up  13 cells: 9 completed, 1 diverged, 1 failed, 1 stopped, 1 missing · 2026-11-21 06:54 UTC · tensorflow (libtensorflow 2.21.0, CPU)
      most gained: temperature 0.05 · weight 1 · macro F1 % 31.3 ± 1.4 (+3.1 ± 1.4) · Δemb 0.0194 ± 0.0017"
  `);
});

test('an entry holds what a script needs', () => {
  const entry = listEntry(readExperiment(join(results, 'made-up')));
  expect(entry).toMatchObject({
    name: 'made-up',
    command: 'yarn sweep experiments/made-up.ts',
    latest: '2026-11-21T06:54:00.000Z',
    counts: { completed: 9, diverged: 1, failed: 1, stopped: 1, missing: 1 },
    best: { label: 'temperature 0.05 · weight 1' },
  });
  const cells = 'cells' in entry ? entry.cells : [];
  expect(cells.find(({ id }) => id === cellId(3, 2))).toMatchObject({
    status: 'stopped',
    reason: 'a plateau',
    seconds: 12.3,
  });
  expect(cells.find(({ id }) => id === cellId(3, 1))).toMatchObject({
    status: 'failed',
    reason: 'Error: out of memory',
  });
});

test('nothing finished has no best point and no date', async () => {
  const experiment = readExperiment(join(results, 'made-up'));
  const cells = experiment.cells.map(({ cell }) => ({ cell, outcome: { state: 'missing' as const } }));
  const entry = listEntry({ ...experiment, cells });
  expect(entry).not.toHaveProperty('best');
  expect(entry).not.toHaveProperty('latest');
  expect(experimentList([entry], { brief: true, colours: noColours })).toBe(
    'made-up  13 cells: 13 missing · tensorflow (libtensorflow 2.21.0, CPU)',
  );
});

import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import {
  listExperiments,
  readExperiment,
  readRun,
  readRunSummary,
  writeExperimentFile,
} from '../../src/tracking/results.ts';
import { cellId, madeUpRuns, originalId, temporaryFolder, writeMadeUpResults } from '../report/madeUpResults.ts';

let results: string;
let folder: string;

beforeEach(async () => {
  results = await writeMadeUpResults();
  folder = join(results, 'made-up');
});

function codesOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ code }) => code);
    throw error;
  }
  throw new Error('nothing was thrown');
}

function outcomeOf(id: string) {
  return readExperiment(folder).cells.find(({ cell }) => cell.id === id)?.outcome;
}

describe('writeExperimentFile', () => {
  test('is read back as it was written, and leaves nothing beside it', async () => {
    const { experiment } = readExperiment(folder);
    const other = join(temporaryFolder(), 'new', 'deep');
    await writeExperimentFile(other, experiment);
    expect(readExperiment(other).experiment).toEqual(experiment);
    expect(readdirSync(other)).toEqual(['experiment.json']);
  });

  test('a write that fails leaves the earlier file and nothing beside it', async () => {
    const { experiment } = readExperiment(folder);
    const before = readdirSync(folder);
    await expect(writeExperimentFile(folder, { ...experiment, seeds: [0.5] })).rejects.toThrow();
    expect(readExperiment(folder).experiment).toEqual(experiment);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('readExperiment', () => {
  test('tells what became of each cell, in the order of the plan', () => {
    const { cells, unplanned } = readExperiment(folder);
    expect(cells.map(({ cell }) => cell.id)).toEqual([
      originalId,
      ...[0, 1, 2, 3].flatMap((point) => [1, 2, 3].map((seed) => cellId(point, seed))),
    ]);
    expect(cells.map(({ outcome }) => outcome.state)).toEqual([
      ...Array(10).fill('finished'),
      'failed',
      'finished',
      'missing',
    ]);
    expect(unplanned).toEqual([]);
    expect(outcomeOf(cellId(2, 2))).toMatchObject({ run: { end: { status: 'diverged' } } });
  });

  test('gives the reason of a failure without its stack', () => {
    expect(outcomeOf(cellId(3, 1))).toEqual({ state: 'failed', message: 'Error: out of memory' });
    rmSync(join(folder, 'failed', cellId(3, 1), 'error.txt'));
    expect(outcomeOf(cellId(3, 1))).toEqual({ state: 'failed', message: 'no reason was recorded' });
  });

  test('a finished run counts although an attempt to compute it again failed', () => {
    mkdirSync(join(folder, 'failed', cellId(0, 1)));
    expect(outcomeOf(cellId(0, 1))).toMatchObject({ state: 'finished' });
  });

  test('one broken journal does not hide the other runs', () => {
    writeFileSync(join(folder, 'cells', cellId(0, 1), 'journal.jsonl'), 'nonsense\n');
    expect(outcomeOf(cellId(0, 1))).toMatchObject({ state: 'broken', problems: [{ code: 'JOURNAL_MALFORMED' }] });
    expect(outcomeOf(cellId(0, 2))).toMatchObject({ state: 'finished' });
  });

  test('names finished runs that the plan does not hold, but no temporary folders', async () => {
    const { experiment } = readExperiment(folder);
    await writeExperimentFile(folder, { ...experiment, cells: experiment.cells.slice(0, -9) });
    mkdirSync(join(folder, 'cells', '.0123.99'));
    const { cells, unplanned } = readExperiment(folder);
    expect(cells).toHaveLength(4);
    const finished = [cellId(1, 1), cellId(1, 2), cellId(1, 3), cellId(2, 1), cellId(2, 2), cellId(2, 3), cellId(3, 2)];
    expect(unplanned).toEqual(finished.sort());
  });

  test.each([
    ['is missing', () => rmSync(join(folder, 'experiment.json')), 'EXPERIMENT_FILE_MISSING'],
    ['is not JSON', () => writeFileSync(join(folder, 'experiment.json'), '{'), 'EXPERIMENT_FILE_MALFORMED'],
    [
      'has another format',
      () => writeFileSync(join(folder, 'experiment.json'), '{"format":2}'),
      'EXPERIMENT_FILE_MALFORMED',
    ],
    [
      'is a folder',
      () => {
        rmSync(join(folder, 'experiment.json'));
        mkdirSync(join(folder, 'experiment.json'));
      },
      'RESULTS_UNREADABLE',
    ],
  ])('an experiment.json that %s is the user’s problem', (_what, damage, code) => {
    damage();
    expect(codesOf(() => readExperiment(folder))).toEqual([code]);
  });
});

describe('readRun and readRunSummary', () => {
  test('agree on start and end; the run has its course beside them', () => {
    const path = join(folder, 'cells', cellId(0, 1));
    const { steps, validations, predictions, events, ...summary } = readRun(path);
    expect(readRunSummary(path)).toEqual(summary);
    expect(predictions).toEqual([]);
    expect(events).toEqual([]);
    expect(summary.end.metrics).toEqual(madeUpRuns.points[0]?.seeds[1]);
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(validations.map(({ step }) => step)).toEqual([2, 4]);
  });

  test('a run without an end is incomplete', () => {
    const path = join(folder, 'cells', cellId(0, 1));
    const { start } = readRun(path);
    writeFileSync(join(path, 'journal.jsonl'), `${JSON.stringify(start)}\n`);
    expect(codesOf(() => readRun(path))).toEqual(['RUN_INCOMPLETE']);
    expect(codesOf(() => readRunSummary(path))).toEqual(['RUN_INCOMPLETE']);
    writeFileSync(join(path, 'journal.jsonl'), '');
    expect(codesOf(() => readRun(path))).toEqual(['RUN_INCOMPLETE']);
    expect(codesOf(() => readRunSummary(path))).toEqual(['JOURNAL_MALFORMED']);
  });

  test('a folder without a journal is the user’s problem', () => {
    expect(codesOf(() => readRun(results))).toEqual(['RESULTS_UNREADABLE']);
    expect(codesOf(() => readRunSummary(results))).toEqual(['RESULTS_UNREADABLE']);
  });
});

describe('listExperiments', () => {
  test('finds experiments by name, follows links, and passes over other folders', async () => {
    await writeMadeUpResults({ experiment: 'another' }, results);
    mkdirSync(join(results, 'cache'));
    symlinkSync(folder, join(results, 'linked'));
    expect(listExperiments(results).map((experiment) => experiment.folder)).toEqual(
      ['another', 'linked', 'made-up'].map((name) => join(results, name)),
    );
  });

  test('also takes the folder of one experiment', () => {
    expect(listExperiments(folder)).toEqual([readExperiment(folder)]);
  });

  test('lists a broken experiment as such beside the others', async () => {
    await writeMadeUpResults({ experiment: 'another' }, results);
    writeFileSync(join(folder, 'experiment.json'), '{}');
    const [another, broken] = listExperiments(results);
    expect(another).toMatchObject({ experiment: { name: 'another' } });
    expect(broken).toMatchObject({ folder, problems: [{ code: 'EXPERIMENT_FILE_MALFORMED' }] });
  });

  test('a folder that does not exist is the user’s problem', () => {
    expect(codesOf(() => listExperiments(join(results, 'nowhere')))).toEqual(['RESULTS_NOT_FOUND']);
  });

  test.skipIf(process.getuid?.() === 0)('so is one that may not be read', () => {
    chmodSync(results, 0o311);
    expect(codesOf(() => listExperiments(results))).toEqual(['RESULTS_UNREADABLE']);
    chmodSync(results, 0o755);
  });
});

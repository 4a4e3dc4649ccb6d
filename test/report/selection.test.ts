import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Problem, UserError } from '../../src/errors.ts';
import { pointName, select, selectPoint } from '../../src/report/selection.ts';
import { readExperiment, writeExperimentFile } from '../../src/tracking/results.ts';
import { cellId, originalId, writeMadeUpResults } from './madeUpResults.ts';

let results: string;

beforeAll(async () => {
  results = await writeMadeUpResults();
});

function problemOf(run: () => unknown): Problem | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.problems[0];
    throw error;
  }
  throw new Error('nothing was thrown');
}

function selected(given: string, folder = results): string {
  const selection = select(folder, given);
  const { name } = selection.results.experiment;
  return selection.kind === 'experiment' ? name : `${name}/${selection.result.cell.id}`;
}

describe('select', () => {
  const id = cellId(1, 2);

  test('an experiment by name, the beginning of it, or its folder', () => {
    for (const given of ['made-up', 'made', join(results, 'made-up'), `${join(results, 'made-up')}/`]) {
      expect(selected(given)).toBe('made-up');
    }
  });

  test('a cell by id, the beginning of it, with its experiment, or its folder', () => {
    for (const given of [id, id.slice(0, 5), `made-up/${id.slice(0, 5)}`, join(results, 'made-up', 'cells', id)]) {
      expect(selected(given)).toBe(`made-up/${id}`);
    }
  });

  test('cells that failed or have not run are found too', () => {
    for (const cell of [cellId(3, 1), cellId(3, 3), originalId]) expect(selected(cell)).toBe(`made-up/${cell}`);
  });

  test('so are runs that the plan no longer holds', async () => {
    const other = await writeMadeUpResults();
    const { folder, experiment } = readExperiment(join(other, 'made-up'));
    await writeExperimentFile(folder, { ...experiment, cells: [] });
    expect(selected(id, other)).toBe(`made-up/${id}`);
  });

  test('a name that begins several is ambiguous, the whole name of one is not', async () => {
    const other = await writeMadeUpResults();
    await writeMadeUpResults({ experiment: 'made-up-smoke' }, other);
    expect(selected('made-up', other)).toBe('made-up');
    expect(problemOf(() => select(other, 'made'))).toMatchObject({
      code: 'RUN_AMBIGUOUS',
      expected: 'one of made-up; made-up-smoke',
    });
    expect(problemOf(() => select(other, id))).toMatchObject({
      code: 'RUN_AMBIGUOUS',
      expected: `one of made-up/${id}; made-up-smoke/${id}`,
    });
    expect(selected(`made-up-smoke/${id}`, other)).toBe(`made-up-smoke/${id}`);
  });

  test('what is not there is named, with what was perhaps meant', () => {
    expect(problemOf(() => select(results, 'mde-up'))).toMatchObject({
      code: 'RUN_NOT_FOUND',
      remedy: expect.stringContaining('Did you mean "made-up"?'),
    });
    expect(problemOf(() => select(results, `${id}0`))?.remedy).toContain(`Did you mean "${id}"?`);
  });

  test('a broken experiment gives its problems, and hides no other', async () => {
    const other = await writeMadeUpResults();
    await writeMadeUpResults({ experiment: 'broken' }, other);
    writeFileSync(join(other, 'broken', 'experiment.json'), '{}');
    expect(problemOf(() => select(other, 'broken'))?.code).toBe('EXPERIMENT_FILE_MALFORMED');
    expect(selected(id, other)).toBe(`made-up/${id}`);
  });
});

describe('selectPoint', () => {
  const named = (given: string, experiment?: string, folder = results) =>
    pointName(selectPoint(folder, given, experiment).point);

  test('by short or whole names of axes, in any order, and by values as numbers', () => {
    for (const given of [
      'temperature=0.05,weight=10',
      'weight=10,temperature=.05',
      'supCon.temperature=5e-2,vectorSpacePreservation.weight=10.0',
      'objective.supCon.temperature=0.05,objective.vectorSpacePreservation.weight=10',
    ]) {
      expect(named(given)).toBe('temperature 0.05 · weight 10');
      expect(named(given, 'made-up')).toBe('temperature 0.05 · weight 10');
    }
    expect(selectPoint(results, 'temperature=0.05,weight=10').point.map(({ cell }) => cell.id)).toEqual([
      cellId(1, 1),
      cellId(1, 2),
      cellId(1, 3),
    ]);
  });

  test('too little is ambiguous', () => {
    expect(problemOf(() => named('weight=10'))).toMatchObject({
      code: 'POINT_AMBIGUOUS',
      expected: 'one of made-up: temperature 0.05 · weight 10; made-up: temperature 0.1 · weight 10',
    });
  });

  test('an experiment tells apart points that several have', async () => {
    const other = await writeMadeUpResults();
    await writeMadeUpResults({ experiment: 'another' }, other);
    const given = 'temperature=0.05,weight=10';
    expect(problemOf(() => named(given, undefined, other))?.code).toBe('POINT_AMBIGUOUS');
    expect(selectPoint(other, given, 'another').results.experiment.name).toBe('another');
  });

  test('an unknown axis or value is named, with the axes there are', () => {
    expect(problemOf(() => named('temperatur=0.05'))).toMatchObject({
      code: 'POINT_NOT_FOUND',
      expected: 'a point on the axes temperature, weight',
      remedy: expect.stringContaining('Did you mean "temperature"?'),
    });
    expect(problemOf(() => named('temperature=7'))).toMatchObject({ code: 'POINT_NOT_FOUND' });
    expect(problemOf(() => named('temperature='))).toMatchObject({ code: 'POINT_NOT_FOUND' });
  });

  test('--experiment has to be an experiment', () => {
    expect(problemOf(() => named('weight=10', cellId(0, 1)))?.code).toBe('EXPERIMENT_NOT_FOUND');
  });
});

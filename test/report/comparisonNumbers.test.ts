import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compare } from '../../src/report/comparison.ts';
import { comparisonNumbers } from '../../src/report/comparisonNumbers.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { madeUpRuns, writeMadeUpResults } from './madeUpResults.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('the comparison as numbers: places, counts, means and paired gains', async () => {
  const comparison = compare(readExperiment(join(await writeMadeUpResults(), 'made-up')));
  const { columns, rows } = comparisonNumbers(comparison);
  expect(columns).toHaveLength(new Set(columns).size);
  const [original, ...points] = rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])));
  expect(original).toMatchObject({
    ...{ kind: 'original', temperature: null, weight: null, n: 1, '★': 'no' },
    ...{ 'knn.macroF1': madeUpRuns.original['knn.macroF1'], 'knn.macroF1 ±': null, 'knn.macroF1 gain': null },
  });
  expect(points).toHaveLength(madeUpRuns.points.length);
  for (const [i, { temperature, weight, seeds }] of madeUpRuns.points.entries()) {
    const runs = Object.values(seeds);
    const macroF1 = mean(runs.map((metrics) => metrics['knn.macroF1'] as number));
    const point = points[i] ?? {};
    expect(point).toMatchObject({ kind: 'retrofit', temperature, weight, n: runs.length });
    expect(point['knn.macroF1']).toBeCloseTo(macroF1, 12);
    expect(point['drift.deltaEmb']).toBeCloseTo(mean(runs.map((metrics) => metrics['drift.deltaEmb'] as number)), 12);
    expect(point['knn.macroF1 gain']).toBeCloseTo(macroF1 - (madeUpRuns.original['knn.macroF1'] as number), 12);
    expect(point['knn.macroF1 ±']).toBe(comparison.points[i]?.metrics['knn.macroF1']?.halfWidth);
    expect(point['★']).toBe(comparison.points[i]?.paretoOptimal ? 'yes' : 'no');
  }
});

test('an experiment with columns of its own, and axes with objects', async () => {
  const comparison = compare(readExperiment(join(await writeMadeUpResults(), 'made-up')));
  const points = comparison.points.map((point) => ({ ...point, axes: { head: { kind: 'mlp', out: 64 } } }));
  const chosen = { ...comparison, axes: ['head'], points, columns: ['drift.deltaCos'] };
  const { columns, rows } = comparisonNumbers(chosen);
  expect(columns.slice(0, 6)).toEqual(['kind', 'head', 'n', 'drift.deltaEmb', 'drift.deltaEmb ±', 'drift.deltaCos']);
  expect(rows.map((row) => row[1])).toEqual([null, ...points.map(() => 'mlp out 64')]);
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Summary } from '../../src/evaluation/statistics.ts';
import { type Comparison, compare, comparePoints, pointsOf } from '../../src/report/comparison.ts';
import { comparisonTable } from '../../src/report/comparisonTable.ts';
import { type ExperimentResults, readExperiment, writeExperimentFile } from '../../src/tracking/results.ts';
import { cellId, type MadeUpOptions, madeUpRuns, originalId, writeMadeUpResults } from './madeUpResults.ts';

/** From golden/make.py: NumPy and SciPy on the same made-up runs. */
const golden = JSON.parse(readFileSync(new URL('golden/comparison.json', import.meta.url), 'utf8')) as {
  points: { metrics: Record<string, Summary>; gains: Record<string, Summary> }[];
  thirdMinusFirst: Record<string, Summary>;
};

async function madeUp(options?: MadeUpOptions): Promise<ExperimentResults> {
  return readExperiment(join(await writeMadeUpResults(options), 'made-up'));
}

function expectSummaries(actual: Readonly<Record<string, Summary>> | undefined, expected: Record<string, Summary>) {
  expect(Object.keys(actual ?? {})).toEqual(Object.keys(expected));
  for (const [metric, { mean, halfWidth, n }] of Object.entries(expected)) {
    expect(actual?.[metric]?.mean).toBeCloseTo(mean, 12);
    if (halfWidth === null) expect(actual?.[metric]?.halfWidth).toBeNull();
    else expect(actual?.[metric]?.halfWidth).toBeCloseTo(halfWidth, 12);
    expect(actual?.[metric]?.n).toBe(n);
  }
}

/** Results with made-up originals and points, one seed each, to be compared. */
function resultsOf(
  runs: readonly { id: string; original?: string; axes: Record<string, unknown>; f1: number; deltaEmb: number }[],
  template: ExperimentResults,
): ExperimentResults {
  const outcome = template.cells[0]?.outcome;
  if (outcome?.state !== 'finished') throw new Error('the template has no finished run');
  const { run } = outcome;
  return {
    ...template,
    experiment: { ...template.experiment, points: runs.map(({ axes }) => ({ axes })) },
    cells: runs.map(({ id, original = null, axes, f1, deltaEmb }) => {
      const kind = original === null ? 'original' : 'retrofit';
      const seed = original === null ? null : 1;
      const metrics = { 'knn.macroF1': f1, 'drift.deltaEmb': deltaEmb };
      return {
        cell: { id, kind, axes, seed, original },
        outcome: {
          state: 'finished',
          run: { ...run, start: { ...run.start, cell: id, kind, seed, axes }, end: { ...run.end, metrics } },
        },
      };
    }),
  };
}

describe('compare', () => {
  test('means, intervals and paired gains are those of NumPy and SciPy', async () => {
    const { points, originals } = compare(await madeUp());
    expect(points).toHaveLength(golden.points.length);
    golden.points.forEach(({ metrics, gains }, i) => {
      expectSummaries(points[i]?.metrics, metrics);
      expectSummaries(points[i]?.differences, gains);
    });
    expect(originals.map(({ metrics }) => metrics['knn.macroF1'])).toEqual([
      { mean: madeUpRuns.original['knn.macroF1'], halfWidth: null, n: 1 },
    ]);
  });

  test('a row says which runs it is over and what became of the others', async () => {
    const { axes, points } = compare(await madeUp());
    expect(axes).toEqual(['objective.supCon.temperature', 'objective.vectorSpacePreservation.weight']);
    expect(points.map(({ seeds }) => seeds)).toEqual([[1, 2, 3], [1, 2, 3], [1, 3], [2]]);
    expect(points[2]).toMatchObject({ cells: [cellId(2, 1), cellId(2, 3)], original: originalId });
    const none = { completed: 0, stopped: 0, diverged: 0, failed: 0, missing: 0 };
    expect(points.map(({ counts }) => counts)).toEqual([
      { ...none, completed: 3 },
      { ...none, completed: 3 },
      { ...none, completed: 2, diverged: 1 },
      { ...none, stopped: 1, failed: 1, missing: 1 },
    ]);
  });

  test('the differences are paired: each is a seed’s own', async () => {
    const { points } = compare(await madeUp());
    const baseline = madeUpRuns.original['knn.macroF1'] ?? Number.NaN;
    expect(points[0]?.differences['knn.macroF1']?.values).toEqual(
      Object.values(madeUpRuns.points[0]?.seeds ?? {}).map(
        (metrics) => (metrics['knn.macroF1'] ?? Number.NaN) - baseline,
      ),
    );
  });

  test('a point is optimal if neither another nor the original gains as much for as little drift', async () => {
    // The third gains less than the first and drifts more; the fourth loses, so that the original beats it.
    expect(compare(await madeUp()).points.map(({ paretoOptimal }) => paretoOptimal)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('columns are metrics that were measured, by name or by pattern, in the order asked for', async () => {
    const results = await madeUp();
    const columnsOf = (...columns: string[]) => compare({ ...results, experiment: { ...results.experiment, columns } });
    expect(columnsOf('drift.deltaCos', 'knn.accuracy').columns).toEqual(['drift.deltaCos', 'knn.accuracy']);
    expect(columnsOf('knn.*').columns).toEqual(['knn.accuracy', 'knn.macroF1']);
    expect(columnsOf('*.knn.macroF1').columns).toEqual([]);
    expect(columnsOf('knn.macroF1', '*.macroF1').columns).toEqual(['knn.macroF1']);
    expect(columnsOf('knn.acuracy').warnings).toContain(
      'no run has the metric knn.acuracy, which is a column. Did you mean "knn.accuracy"?',
    );
  });

  test('points of different encoders are compared with their own original', async () => {
    const runs = [
      { id: 'a0', axes: { pooling: 'cls' }, f1: 0.2, deltaEmb: 0 },
      { id: 'b0', axes: { pooling: 'mean' }, f1: 0.5, deltaEmb: 0 },
      { id: 'a1', original: 'a0', axes: { pooling: 'cls' }, f1: 0.25, deltaEmb: 0.5 },
      { id: 'b1', original: 'b0', axes: { pooling: 'mean' }, f1: 0.625, deltaEmb: 0.1 },
    ];
    const { originals, points } = compare(resultsOf(runs, await madeUp()));
    expect(originals.map(({ axes }) => axes)).toEqual([{ pooling: 'cls' }, { pooling: 'mean' }]);
    expect(points.map(({ differences }) => differences['knn.macroF1']?.mean)).toEqual([0.25 - 0.2, 0.125]);
    // b1 gains more at less drift than a1, but in another space.
    expect(points.map(({ paretoOptimal }) => paretoOptimal)).toEqual([true, true]);
  });

  test('without its original a point has metrics, but no gains', async () => {
    const results = await madeUp();
    const cells = results.cells.map((result) =>
      result.cell.kind === 'original' ? { ...result, outcome: { state: 'missing' as const } } : result,
    );
    const { originals, points } = compare({ ...results, cells });
    expect(originals[0]?.metrics).toEqual({});
    expectSummaries(points[0]?.metrics, golden.points[0]?.metrics ?? {});
    expect(points.map(({ differences }) => differences)).toEqual([{}, {}, {}, {}]);
    expect(points.some(({ paretoOptimal }) => paretoOptimal)).toBe(false);
  });

  test('nothing finished is nothing measured', async () => {
    const results = await madeUp();
    const cells = results.cells.map((result) => ({ ...result, outcome: { state: 'missing' as const } }));
    const { points, warnings } = compare({ ...results, cells });
    expect(points.map(({ metrics }) => metrics)).toEqual([{}, {}, {}, {}]);
    expect(warnings).toEqual(['not run yet: 13 of 13 cells; continue with: yarn sweep experiments/made-up.ts']);
  });

  test('is plain data', async () => {
    const comparison = compare(await madeUp());
    expect(JSON.parse(JSON.stringify(comparison)) as Comparison).toEqual(comparison);
  });
});

describe('warnings', () => {
  test('name what is missing, failed, diverged', async () => {
    expect(compare(await madeUp()).warnings).toEqual([
      'not run yet: 1 of 13 cells; continue with: yarn sweep experiments/made-up.ts',
      'diverged, left out of the means: temperature 0.1 · weight 1 · seed 2: the loss is NaN in step 4',
      'failed: temperature 0.1 · weight 10 · seed 1: Error: out of memory',
    ]);
  });

  test('name a reason that many cells failed for once', async () => {
    const results = await madeUp();
    const cells = results.cells.map((result) => ({
      ...result,
      outcome: { state: 'failed' as const, message: 'boom' },
    }));
    expect(compare({ ...results, cells }).warnings).toEqual([
      expect.stringMatching(/^failed: .* and 12 others: boom$/),
    ]);
  });

  test('name what is broken, and runs that the plan no longer holds', async () => {
    const results = await madeUp();
    const { folder, experiment } = results;
    writeFileSync(join(folder, 'cells', cellId(0, 2), 'journal.jsonl'), '');
    await writeExperimentFile(folder, { ...experiment, cells: experiment.cells.slice(0, 4) });
    const { warnings, points } = compare(readExperiment(folder));
    expect(warnings).toEqual([
      expect.stringMatching(/^temperature 0\.05 · weight 1 · seed 2: JOURNAL_MALFORMED: /),
      'not shown: 7 finished runs that the latest plan does not hold',
    ]);
    expect(points.map(({ counts }) => counts)).toMatchObject([{ completed: 2, failed: 1 }]);
  });

  test.each([
    ['versions of the code', { code: '0.2.0' }, '0.1.0+abc1234 in 10, 0.2.0 in 1'],
    [
      'engines',
      { engine: { name: 'wasm', detail: 'SIMD', device: 'cpu', precision: 'float32' } },
      'tensorflow (libtensorflow 2.21.0, CPU) in 10, wasm (SIMD) in 1',
    ],
    ['numbers of threads', { wall: { threads: 2 } }, '1 in 10, 2 in 1'],
  ])('point out different %s', async (what, start, counts) => {
    const { warnings } = compare(await madeUp({ start: (id) => (id === cellId(1, 2) ? start : {}) }));
    expect(warnings).toContain(`runs of different ${what}: ${counts}`);
    expect(warnings).toHaveLength(4);
  });

  test('are not raised by precisions, which may be an axis', async () => {
    const engine = { name: 'tensorflow', detail: 'libtensorflow 2.21.0, CPU', device: 'cpu', precision: 'bfloat16' };
    const { warnings } = compare(await madeUp({ start: (id) => (id === cellId(1, 2) ? { engine } : {}) }));
    expect(warnings).toHaveLength(3);
  });
});

test('intervals are those of the bootstrap where that is asked for, and the table says so', async () => {
  const results = await madeUp();
  const comparison = compare(results, 'bootstrap');
  const [point] = comparison.points;
  const { mean, bootstrap } = point?.metrics['knn.macroF1'] ?? {};
  expect(bootstrap?.low).toBeLessThan(mean ?? 0);
  expect(bootstrap?.high).toBeGreaterThan(mean ?? 1);
  expect(point?.differences['knn.macroF1']?.bootstrap).toBeDefined();
  const [row] = comparison.originals;
  expect(row?.metrics['knn.macroF1']).not.toHaveProperty('bootstrap');
  const table = comparisonTable(comparison);
  expect(table).toMatch(/\d\.\d \[\d+\.\d, \d+\.\d\]/);
  expect(table).toContain('[ ]: 95 % bootstrap interval over n seeds.');
  expect(comparisonTable(compare(results))).not.toContain('[');
});

describe('comparePoints', () => {
  test('pairs over the seeds that both points have, as SciPy does', async () => {
    const [first, , third, fourth] = pointsOf(await madeUp());
    const { seeds, differences } = comparePoints(third ?? [], first ?? [], 't');
    expect(seeds).toEqual([1, 3]);
    expectSummaries(differences, golden.thirdMinusFirst);
    expect(comparePoints(fourth ?? [], third ?? [], 't')).toEqual({ seeds: [], differences: {} });
  });
});

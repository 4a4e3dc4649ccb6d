import fc from 'fast-check';
import { expect, test } from 'vitest';
import { heatMap } from '../../../../src/dashboard/page/model/heatMap.ts';
import { type MadeUpRun, madeUpModel, madeUpOriginal, naiveSummary } from '../../madeUpSweep.ts';

const metric = 'knn.macroF1';
const mapOf = (runs: readonly MadeUpRun[], x = 'x', y = 'y') =>
  heatMap(
    madeUpModel(runs).points.filter(({ kind }) => kind === 'retrofit'),
    { x, y, metric },
  );

const run = fc.record({
  x: fc.integer({ min: 0, max: 2 }),
  y: fc.constantFrom('cls', 'mean'),
  // A third parameter, over which the cells are means.
  z: fc.integer({ min: 0, max: 1 }),
  value: fc.oneof({ arbitrary: fc.integer({ min: -64, max: 64 }), weight: 6 }, fc.constantFrom(undefined, Number.NaN)),
  status: fc.constantFrom('completed' as const, 'stopped' as const, 'diverged' as const),
});

test('cells are the means and intervals over all runs with both values that count', () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 8 }), (list) => {
      const runs = list.map(
        ({ x, y, z, value, status }, seed): MadeUpRun => ({
          ...{ axes: { x, y, z }, seed, status },
          ...(value !== undefined && { metrics: { [metric]: value } }),
        }),
      );
      const { columns, rows, cells } = mapOf(runs);
      expect(columns).toEqual([0, 1, 2].filter((x) => list.some((own) => own.x === x)));
      expect(new Set(rows)).toEqual(new Set(list.map(({ y }) => y)));
      expect(cells.map((row) => row.length)).toEqual(rows.map(() => columns.length));
      for (const [i, y] of rows.entries()) {
        for (const [j, x] of columns.entries()) {
          const values: number[] = [];
          for (const own of list) {
            const { value = Number.NaN } = own;
            const isKnown = !Number.isNaN(value) && own.status !== 'diverged';
            if (own.x === x && own.y === y && isKnown) values.push(value);
          }
          const found = cells[i]?.[j];
          if (values.length === 0) {
            expect(found).toBeUndefined();
            continue;
          }
          const { mean, halfWidth, n } = naiveSummary(values);
          expect(found?.mean).toBeCloseTo(mean, 9);
          expect(found?.n).toBe(n);
          if (halfWidth === null) expect(found?.halfWidth).toBeNull();
          else expect(found?.halfWidth).toBeCloseTo(halfWidth, 5);
        }
      }
    }),
  );
});

test('numbers ascend, others are in the order of the plan', () => {
  const axes = [
    { x: 10, y: 'mean' },
    { x: 9, y: 'cls' },
    { x: -1, y: 3 },
    { x: 100, y: 'mean' },
  ];
  const { columns, rows } = mapOf(axes.map((own) => ({ axes: own })));
  expect(columns).toEqual([-1, 9, 10, 100]);
  expect(rows).toEqual(['mean', 'cls', 3]);
});

test('equal objects are one value, and a number is not its text', () => {
  const runs = [{ kind: 'mlp' }, { kind: 'linear' }, { kind: 'mlp' }].map(
    (x, i): MadeUpRun => ({
      ...{ axes: { x, y: i < 2 ? 1 : '1' }, seed: i },
      metrics: { [metric]: i },
    }),
  );
  const { columns, rows, cells } = mapOf(runs);
  expect(columns).toEqual([{ kind: 'mlp' }, { kind: 'linear' }]);
  expect(rows).toEqual([1, '1']);
  expect(cells.map((row) => row.map((cell) => cell?.mean))).toEqual([
    [0, 1],
    [2, undefined],
  ]);
});

test('one axis against itself has a diagonal', () => {
  const runs = [1, 2].map((x): MadeUpRun => ({ axes: { x }, metrics: { [metric]: x } }));
  expect(mapOf(runs, 'x', 'x').cells.map((row) => row.map((cell) => cell?.mean))).toEqual([
    [1, undefined],
    [undefined, 2],
  ]);
});

test('nothing is an empty map', () => {
  expect(mapOf([])).toEqual({ columns: [], rows: [], cells: [] });
  expect(mapOf([madeUpOriginal])).toEqual({ columns: [], rows: [], cells: [] });
});

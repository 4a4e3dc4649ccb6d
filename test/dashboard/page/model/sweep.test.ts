import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberOf, SweepModel } from '../../../../src/dashboard/page/model/sweep.ts';
import {
  type MadeUpRun,
  madeUpHead,
  madeUpModel,
  madeUpOriginal,
  madeUpSweep,
  madeUpTable,
  naiveSummary,
  temperature,
  weight,
} from '../../madeUpSweep.ts';

const f1 = 'knn.macroF1';
const at = (t: number, w: number) => ({ [temperature]: t, [weight]: w });

/** Three seeds of one point. */
function threeSeeds(values: readonly (number | undefined)[], more: readonly MadeUpRun[] = []): SweepModel {
  const runs = values.map(
    (value, i): MadeUpRun => ({
      seed: i + 1,
      axes: at(0.1, 1),
      ...(value !== undefined && { metrics: { [f1]: value } }),
    }),
  );
  return madeUpModel([...runs, ...more]);
}

describe('runs', () => {
  test('have their metrics by name, also those that JSON does not have', () => {
    const metrics = { a: 1, b: Number.NaN, c: Number.POSITIVE_INFINITY, d: Number.NEGATIVE_INFINITY, e: 0 };
    const model = madeUpModel([{ metrics }, { metrics: { e: 2 } }]);
    expect(model.run('run0')?.metrics).toEqual(metrics);
    expect(model.run('run1')?.metrics).toEqual({ e: 2 });
    expect(model.metrics).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(model.run('run2')).toBeUndefined();
  });

  test('numbers by their names', () => {
    expect([1.5, 'NaN', 'Infinity', '-Infinity'].map((value) => numberOf(value as 'NaN'))).toEqual([
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });
});

describe('points', () => {
  test('are the runs with the same settings, originals first', () => {
    const cells = fc.array(fc.record({ t: fc.integer({ min: 1, max: 3 }), w: fc.integer({ min: 1, max: 2 }) }));
    fc.assert(
      fc.property(cells, fc.integer({ min: 0, max: 20 }), (list, place) => {
        const retrofits = list.map(({ t, w }, i): MadeUpRun => ({ axes: at(t, w), seed: i, id: `r${i}` }));
        const model = madeUpModel(retrofits.toSpliced(place, 0, madeUpOriginal));
        const expected: string[][] = [['original']];
        for (const [i, { t, w }] of list.entries()) {
          const first = list.findIndex((other) => other.t === t && other.w === w);
          if (first === i) expected.push(list.flatMap((other, j) => (other.t === t && other.w === w ? [`r${j}`] : [])));
        }
        expect(model.points.map(({ runs }) => runs.map(({ id }) => id))).toEqual(expected);
        expect(model.points.map(({ id }) => id)).toEqual(expected.map(([id]) => id));
      }),
    );
  });

  test('are named by their settings', () => {
    const model = madeUpModel([madeUpOriginal, { axes: at(0.1, 10) }]);
    expect(model.points.map(({ label, kind }) => [label, kind])).toEqual([
      ['original encoder', 'original'],
      ['temperature 0.1 · weight 10', 'retrofit'],
    ]);
    expect(madeUpModel([{ axes: {} }]).points[0]?.label).toBe('the only point');
    expect(model.point('run1')?.axes).toEqual(at(0.1, 10));
    expect(model.point('run7')).toBeUndefined();
  });

  test('originals are points of their own, though nothing tells them apart', () => {
    const model = madeUpModel([madeUpOriginal, { ...madeUpOriginal, id: 'another' }]);
    expect(model.points.map(({ id }) => id)).toEqual(['original', 'another']);
  });

  test('count the runs that were completed or stopped', () => {
    const statuses = [
      'completed',
      'stopped',
      'diverged',
      'failed',
      'broken',
      'running',
      'interrupted',
      'waiting',
    ] as const;
    const model = madeUpModel(statuses.map((status, seed) => ({ status, seed, axes: at(1, 1) })));
    expect(model.points[0]?.runs).toHaveLength(statuses.length);
    expect(model.points[0]?.counted.map(({ status }) => status)).toEqual(['completed', 'stopped']);
  });

  test('have an original once that is finished', () => {
    const originalOf = (run: MadeUpRun) =>
      madeUpModel([run, { axes: at(1, 1) }]).points.find(({ kind }) => kind === 'retrofit')?.original?.id;
    expect(originalOf(madeUpOriginal)).toBe('original');
    expect(originalOf({ ...madeUpOriginal, status: 'running' })).toBeUndefined();
    expect(originalOf({ ...madeUpOriginal, id: 'another' })).toBeUndefined();
  });

  test('of nothing there are none', () => {
    expect(madeUpModel([]).points).toEqual([]);
  });
});

describe('means over seeds', () => {
  const values = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 8 });

  test('of the metric and of its gain', () => {
    fc.assert(
      fc.property(values, (list) => {
        const model = threeSeeds(
          list.map((value) => value / 64),
          [madeUpOriginal],
        );
        const point = model.points[1];
        if (!point) throw new Error('no point');
        const expected = naiveSummary(list.map((value) => value / 64));
        for (const [found, mean] of [
          [model.summary(point, f1), expected.mean],
          [model.summaryOver(point.runs, f1), expected.mean],
          [model.gain(point, f1), expected.mean - 0.5],
        ] as const) {
          expect(found?.mean).toBeCloseTo(mean, 9);
          expect(found?.n).toBe(list.length);
          if (expected.halfWidth === null) expect(found?.halfWidth).toBeNull();
          else expect(found?.halfWidth).toBeCloseTo(expected.halfWidth, 7);
        }
        expect(model.gain(point, f1)?.values).toEqual(list.map((value) => value / 64 - 0.5));
      }),
    );
  });

  test('leave out runs that do not count', () => {
    const model = threeSeeds([1, 2], [{ seed: 3, axes: at(0.1, 1), status: 'diverged', metrics: { [f1]: 99 } }]);
    expect(model.points[0] && model.summary(model.points[0], f1)).toMatchObject({ mean: 1.5, n: 2 });
  });

  test.each([
    [[]],
    [[0.5, undefined]],
    [[0.5, Number.NaN]],
    [[Number.POSITIVE_INFINITY, 1]],
  ])('there are none of %j', (list) => {
    const model = threeSeeds(list, [madeUpOriginal, { axes: at(2, 2), status: 'running' }]);
    for (const point of model.points.filter(({ kind }) => kind === 'retrofit')) {
      expect(model.summary(point, f1)).toBeUndefined();
      expect(model.gain(point, f1)).toBeUndefined();
    }
  });

  test('there is no gain without an original, without its metric, and of the original itself', () => {
    const [alone] = threeSeeds([1]).points;
    expect(alone && threeSeeds([1]).gain(alone, f1)).toBeUndefined();
    for (const metrics of [{}, { [f1]: Number.NaN }]) {
      const model = threeSeeds([1], [{ ...madeUpOriginal, metrics }]);
      for (const point of model.points) expect(model.gain(point, f1)).toBeUndefined();
    }
  });

  test('are computed once, also that there are none', () => {
    const model = threeSeeds([1, 2], [madeUpOriginal]);
    const point = model.points[1];
    if (!point) throw new Error('no point');
    expect(model.summary(point, f1)).toBe(model.summary(point, f1));
    expect(model.gain(point, f1)).toBe(model.gain(point, f1));
    expect(model.summary(point, 'knn.accuracy')).toBeUndefined();
    expect(model.summary(point, 'knn.accuracy')).toBeUndefined();
    expect(model.summary(point, f1)?.mean).toBe(1.5);
  });
});

describe('values on axes', () => {
  test('are found by path and by short name', () => {
    const model = madeUpModel([]);
    const axes = at(0.1, 10);
    expect(model.axisValue(axes, temperature)).toBe(0.1);
    expect(model.axisValue(axes, 'temperature')).toBe(0.1);
    expect(model.axisValue(axes, 'weight')).toBe(10);
    expect(model.axisValue(axes, 'supCon.temperature')).toBeUndefined();
    expect(model.axisValue({}, 'weight')).toBeUndefined();
    expect(model.axisValue(axes, 'toString')).toBeUndefined();
  });

  test('are texts unless they are numbers', () => {
    const model = madeUpModel([], { axes: ['a.head', 'b.head', 'fused'] });
    const axes = { 'a.head': { kind: 'mlp', out: 64 }, 'b.head': 'linear', fused: true };
    expect(['a.head', 'b.head', 'fused', 'head'].map((name) => model.axisValue(axes, name))).toEqual([
      'mlp out 64',
      'linear',
      'true',
      undefined,
    ]);
  });
});

describe('an update', () => {
  const before = madeUpModel([
    madeUpOriginal,
    { id: 'a', axes: at(1, 1), status: 'running' },
    { id: 'b', axes: at(2, 1) },
  ]);

  test('changes what it names and keeps the rest, in the order of the plan', () => {
    const head = madeUpHead({ isRunning: true });
    const table = madeUpTable([
      { id: 'a', axes: at(1, 1), metrics: { 'knn.accuracy': 0.25 } },
      { id: 'c', axes: at(3, 1), status: 'waiting' },
    ]);
    const after = before.updated({ head, table, cells: ['original', 'c', 'b', 'a'] });
    expect(after.runs.map(({ id, status }) => [id, status])).toEqual([
      ['original', 'completed'],
      ['c', 'waiting'],
      ['b', 'completed'],
      ['a', 'completed'],
    ]);
    expect(after.metrics).toEqual([f1, 'drift.deltaEmb', 'knn.accuracy']);
    expect(after.run('a')?.metrics).toEqual({ 'knn.accuracy': 0.25 });
    expect(after.run('original')).toBe(before.run('original'));
    expect(after.head.isRunning).toBe(true);
    expect(before.run('a')?.status).toBe('running');
  });

  test('drops what is gone, and what nobody has sent', () => {
    const after = before.updated({ head: madeUpHead(), table: madeUpTable([]), cells: ['b', 'unknown'] });
    expect(after.runs.map(({ id }) => id)).toEqual(['b']);
    expect(after.points[0]?.original).toBeUndefined();
  });

  test('of everything is as if it were read anew', () => {
    const sweep = madeUpSweep([madeUpOriginal, { axes: at(1, 2), metrics: { [f1]: Number.NaN } }]);
    const after = before.updated({ ...sweep, cells: sweep.table.runs.map(({ id }) => id) });
    const anew = SweepModel.from(sweep);
    expect(after.runs).toEqual(anew.runs);
    expect(after.points).toEqual(anew.points);
  });
});

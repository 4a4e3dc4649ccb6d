import { describe, expect, test } from 'vitest';
import {
  type Compared,
  comparedItems,
  intervalsOfRuns,
  pairsOf,
  pooledPredictions,
} from '../../../../src/dashboard/page/model/comparison.ts';
import type { Run } from '../../../../src/dashboard/page/model/sweep.ts';
import type { RunDetail } from '../../../../src/dashboard/wire.ts';
import { madeUpModel, madeUpOriginal, temperature } from '../../madeUpSweep.ts';

const of = (t: number) => ({ axes: { [temperature]: t } });
const model = madeUpModel([
  madeUpOriginal,
  { id: 'a1', ...of(0.1), seed: 1 },
  { id: 'a2', ...of(0.1), seed: 2 },
  { id: 'a3', ...of(0.1), seed: 3, status: 'diverged' },
  { id: 'b2', ...of(0.2), seed: 2 },
  { id: 'b3', ...of(0.2), seed: 3 },
  { id: 'c1', ...of(0.3), seed: 1 },
  { id: 'd1', ...of(0.4), seed: 1, status: 'failed' },
]);

function item(id: string): Compared {
  const [found] = comparedItems(model, [id]);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

describe('comparedItems', () => {
  test('are points with the runs that count, and runs', () => {
    const items = comparedItems(model, ['pa1', 'a2', 'a3', 'poriginal', 'original', 'pd1']);
    expect(items.map(({ id, label, runs, run }) => [id, label, runs.map((own) => own.id), run?.id])).toEqual([
      ['pa1', 'temperature 0.1', ['a1', 'a2'], undefined],
      ['a2', 'temperature 0.1 · seed 2', ['a2'], 'a2'],
      ['a3', 'temperature 0.1 · seed 3', [], 'a3'],
      ['poriginal', 'original encoder', ['original'], undefined],
      ['original', 'original encoder', ['original'], 'original'],
      ['pd1', 'temperature 0.4', [], undefined],
    ]);
  });

  test('what is not there is left out', () => {
    // A point goes by its first run.
    expect(comparedItems(model, ['', 'p', 'pa2', 'zz', 'pzz'])).toEqual([]);
    expect(comparedItems(model, [])).toEqual([]);
  });
});

describe('pairsOf', () => {
  const ids = (first: string, other: string) =>
    pairsOf(item(first), item(other)).map(({ run, baseline }) => [(run as Run).id, (baseline as Run).id]);

  test.each([
    ['points, by seed', 'pa1', 'pb2', [['b2', 'a2']]],
    ['points without a common seed', 'pc1', 'pb2', []],
    ['a point of one seed and another, by seed', 'pc1', 'pa1', [['a1', 'c1']]],
    [
      'the original and a point',
      'poriginal',
      'pa1',
      [
        ['a1', 'original'],
        ['a2', 'original'],
      ],
    ],
    [
      'a point and the original',
      'pa1',
      'poriginal',
      [
        ['original', 'a1'],
        ['original', 'a2'],
      ],
    ],
    ['the original as a run and a run', 'original', 'b3', [['b3', 'original']]],
    ['a run and the original as a run', 'b3', 'original', [['original', 'b3']]],
    ['runs of different seeds', 'a1', 'b3', [['b3', 'a1']]],
    ['a run and a point, by seed', 'a2', 'pb2', [['b2', 'a2']]],
    ['a run and a point without its seed', 'a1', 'pb2', []],
    ['a point and a run, by seed', 'pb2', 'a2', [['a2', 'b2']]],
    ['the original and itself', 'original', 'poriginal', [['original', 'original']]],
    ['nothing that counts and a point', 'pd1', 'pa1', []],
    ['a point and nothing that counts', 'pa1', 'a3', []],
    ['the original and nothing that counts', 'poriginal', 'a3', []],
  ])('%s', (_, first, other, expected) => {
    expect(ids(first, other)).toEqual(expected);
  });
});

/** Of runs, what they gave to the same ten texts of two classes. */
function detailsOf(predicted: Readonly<Record<string, readonly number[]>>): Map<string, RunDetail> {
  return new Map(
    Object.entries(predicted).map(([id, list]) => [
      id,
      {
        ...{ id, conditions: {}, metrics: {}, layers: null, notes: [] },
        predictions: [
          { classifier: 'knn', labelNames: ['no', 'yes'], truth: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], predicted: [...list] },
        ],
      },
    ]),
  );
}

const [right, wrong] = [
  [0, 0, 0, 0, 0, 1, 1, 1, 1, 1],
  [1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
];
const details = detailsOf({ a1: right, a2: wrong, b2: wrong, b3: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1] });

describe('intervalsOfRuns', () => {
  test('of what two runs gave to the same texts', () => {
    const intervals = intervalsOfRuns(item('b2'), item('a1'), details);
    expect([...intervals.keys()].sort()).toEqual(['knn.accuracy', 'knn.macroF1', 'knn.weightedF1']);
    // All wrong and all right, whatever is drawn.
    expect(intervals.get('knn.accuracy')).toEqual({ low: 1, high: 1 });
    expect(intervalsOfRuns(item('a1'), item('b2'), details).get('knn.accuracy')).toEqual({ low: -1, high: -1 });
  });

  test('there are none over several seeds, of a run with itself, and before it is read', () => {
    expect(intervalsOfRuns(item('pa1'), item('b2'), details).size).toBe(0);
    expect(intervalsOfRuns(item('b2'), item('pa1'), details).size).toBe(0);
    const own = item('a1');
    expect(intervalsOfRuns(own, own, details).size).toBe(0);
    expect(intervalsOfRuns(item('a1'), item('c1'), details).size).toBe(0);
    expect(intervalsOfRuns(item('a3'), item('a1'), details).size).toBe(0);
  });
});

describe('pooledPredictions', () => {
  test('are those of all seeds, one after another', () => {
    const pooled = pooledPredictions(item('pb2'), details, 'knn');
    expect(pooled?.labelNames).toEqual(['no', 'yes']);
    expect(pooled?.truth).toEqual([...right, ...right]);
    expect(pooled?.predicted).toEqual([...wrong, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
  });

  test('are those that are there', () => {
    const some = new Map([...details].filter(([id]) => id === 'a2'));
    expect(pooledPredictions(item('pa1'), some, 'knn')?.predicted).toEqual(wrong);
    expect(pooledPredictions(item('pa1'), details, 'sst2.knn')).toBeUndefined();
    expect(pooledPredictions(item('pc1'), details, 'knn')).toBeUndefined();
    expect(pooledPredictions(item('pd1'), details, 'knn')).toBeUndefined();
  });
});

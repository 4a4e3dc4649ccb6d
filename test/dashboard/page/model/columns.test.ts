import { describe, expect, test } from 'vitest';
import { type Column, columnOf, courseFigures, defaultColumns } from '../../../../src/dashboard/page/model/columns.ts';
import type { Point, Run } from '../../../../src/dashboard/page/model/sweep.ts';
import type { Extremes } from '../../../../src/dashboard/wire.ts';
import { madeUpModel, madeUpOriginal, temperature, weight } from '../../madeUpSweep.ts';

const model = madeUpModel([
  { ...madeUpOriginal, metrics: { 'knn.macroF1': 0.5, 'drift.deltaEmb': 0 }, seconds: 12 },
  {
    id: 'a1',
    axes: { [temperature]: 0.1, [weight]: { kind: 'auto' } },
    seed: 1,
    metrics: { 'knn.macroF1': 0.6, 'drift.deltaEmb': 0.01 },
    ...{ seconds: 70, started: '2026-11-21T06:54:59.000Z' },
  },
  {
    id: 'a2',
    axes: { [temperature]: 0.1, [weight]: { kind: 'auto' } },
    seed: 2,
    metrics: { 'knn.macroF1': 0.62, 'drift.deltaEmb': 0.01 },
    ...{ seconds: 55, started: '2026-11-20T23:00:00.000Z' },
  },
  { id: 'b1', axes: { [temperature]: 0.2, [weight]: 3 }, seed: 1, status: 'waiting' },
  {
    id: 'b2',
    axes: { [temperature]: 0.2, [weight]: 3 },
    seed: 2,
    ...{ status: 'running', progress: { step: 7, steps: 90 } },
  },
  { id: 'c1', axes: { [temperature]: 0.3, [weight]: 3 }, status: 'diverged', metrics: { 'knn.macroF1': Number.NaN } },
]);

const courses: Readonly<Record<string, Extremes>> = {
  'a1 train/loss': { min: 1, max: 9, last: 2 },
  'a2 train/loss': { min: 3, max: 7, last: 4 },
  'a1 validation/knn/macroF1': { min: 0.25, max: 0.5, last: 0.375 },
  'a2 validation/knn/macroF1': { min: 0.25, max: 0.5, last: 0.375 },
  'a1 train/gap': { min: 1, max: 1, last: 1 },
  'a2 train/gap': { min: null, max: null, last: null },
  'a1 train/half': { min: 1, max: 1, last: 1 },
};

function column(id: string): Column | undefined {
  return columnOf(id, model, {
    courses: (run, metric) => courses[`${run} ${metric}`],
    isOptimal: ({ id: point }) => point === 'a1',
  });
}

function pointOf(id: string): Point {
  const point = model.point(id);
  if (!point) throw new Error(`no point ${id}`);
  return point;
}

function cells(id: string) {
  const found = column(id);
  if (!found) throw new Error(`no column ${id}`);
  return {
    column: found,
    ofPoint: (point: string) => found.ofPoint(pointOf(point)),
    ofRun: (run: string) => {
      const point = model.points.find(({ runs }) => runs.some((own) => own.id === run));
      return found.ofRun(model.run(run) as Run, point as Point);
    },
  };
}

const empty = { text: '', order: undefined };
const missing = { text: '–', order: undefined };

test('an axis has the value, numbers in their order', () => {
  const { column: shown, ofPoint, ofRun } = cells(`axis:${temperature}`);
  expect(shown).toMatchObject({ id: `axis:${temperature}`, title: 'temperature', align: 'right' });
  expect(ofPoint('a1')).toEqual({ text: '0.1', order: 0.1 });
  expect(ofRun('b2')).toEqual({ text: '0.2', order: 0.2 });
  expect(ofPoint('original')).toEqual(empty);
  expect(cells(`axis:${weight}`).ofPoint('a1')).toEqual({ text: 'auto', order: 'auto' });
});

test('a metric has its mean and interval, a run its value', () => {
  const { column: shown, ofPoint, ofRun } = cells('metric:knn.macroF1');
  expect(shown).toMatchObject({ id: 'metric:knn.macroF1', title: 'macro F1 %', align: 'right' });
  // 12.706 · 0.01 for two values that are 0.02 apart.
  expect(ofPoint('a1')).toEqual({ text: '61.0 ± 12.7', order: 0.61 });
  expect(ofRun('a2')).toEqual({ text: '62.0', order: 0.62 });
  expect(ofPoint('original')).toEqual({ text: '50.0', order: 0.5 });
  expect(ofPoint('b1')).toEqual(missing);
  expect(ofRun('b1')).toEqual(missing);
  expect(ofPoint('c1')).toEqual(missing);
  expect(ofRun('c1').text).toBe('NaN');
  expect(cells('metric:drift.deltaEmb').ofPoint('a1').text).toBe('0.0100 ± 0.0000');
});

test('a gain is over the original encoder, which has none', () => {
  const { column: shown, ofPoint, ofRun } = cells('gain:knn.macroF1');
  expect(shown.title).toBe('macro F1 gain');
  expect(ofPoint('a1').text).toBe('+11.0 ± 12.7');
  expect(ofPoint('a1').order).toBeCloseTo(0.11, 12);
  expect(ofRun('a2').text).toBe('+12.0');
  expect(ofRun('a2').order).toBeCloseTo(0.12, 12);
  expect(ofPoint('original')).toEqual(empty);
  expect(ofRun('original')).toEqual(empty);
  for (const none of [ofPoint('b1'), ofRun('b1'), ofPoint('c1'), ofRun('c1')]) expect(none).toEqual(missing);
});

test('the front is of points', () => {
  const { ofPoint, ofRun } = cells('front');
  expect(ofPoint('a1')).toEqual({ text: '★', order: 1 });
  expect(ofPoint('b1')).toEqual({ text: '', order: 0 });
  expect(ofRun('a1')).toEqual(empty);
});

test('a status is counted where runs differ, and says how far a run is', () => {
  const { ofPoint, ofRun } = cells('status');
  expect(ofPoint('a1').text).toBe('completed');
  expect(ofPoint('b1').text).toBe('1 waiting, 1 running');
  expect(ofRun('b2')).toEqual({ text: 'running, step 7 of 90', order: 'running' });
  expect(ofRun('b1')).toEqual({ text: 'waiting', order: 'waiting' });
});

test('seeds are those that count, of those there are', () => {
  const { ofPoint, ofRun } = cells('seeds');
  expect(ofPoint('a1')).toEqual({ text: '2', order: 2 });
  expect(ofPoint('b1')).toEqual({ text: '0/2', order: 0 });
  expect(ofRun('a2')).toEqual({ text: 'seed 2', order: 2 });
  expect(ofRun('original')).toEqual(empty);
});

test('a point took as long as its runs together', () => {
  const { ofPoint, ofRun } = cells('seconds');
  expect(ofPoint('a1')).toEqual({ text: '2 min 05 s', order: 125 });
  expect(ofRun('a2')).toEqual({ text: '55 s', order: 55 });
  expect(ofPoint('b1')).toEqual(empty);
});

test('a point was started with its first run', () => {
  const { ofPoint, ofRun } = cells('started');
  expect(ofPoint('a1')).toEqual({ text: '2026-11-20 23:00', order: '2026-11-20T23:00:00.000Z' });
  expect(ofRun('a1').text).toBe('2026-11-21 06:54');
  expect(ofRun('b1')).toEqual(empty);
});

describe('of a course', () => {
  test('there are the least, greatest, best and last value', () => {
    // The best loss is the least, the best F1 the greatest.
    const losses = courseFigures.map((figure) => cells(`${figure}:train/loss`).ofRun('a1').order);
    expect(losses).toEqual([1, 9, 1, 2]);
    const scores = courseFigures.map((figure) => cells(`${figure}:validation/knn/macroF1`).ofRun('a1'));
    expect(scores.map(({ text }) => text)).toEqual(['25.0', '50.0', '50.0', '37.5']);
  });

  test('a point has the mean over its seeds', () => {
    const { column: shown, ofPoint } = cells('min:train/loss');
    expect(shown).toMatchObject({ id: 'min:train/loss', title: 'train/loss min' });
    // 12.706 · 1 for 1 and 3.
    expect(ofPoint('a1')).toEqual({ text: '2.0 ± 12.7', order: 2 });
    expect(cells('max:validation/knn/macroF1').ofPoint('a1').text).toBe('50.0 ± 0.0');
  });

  test('what is not known yet is told from what is not there', () => {
    expect(cells('last:train/gap').ofRun('a2')).toEqual(missing);
    expect(cells('last:train/gap').ofPoint('a1')).toEqual(missing);
    expect(cells('last:train/half').ofRun('a2')).toEqual({ text: '…', order: undefined });
    expect(cells('last:train/half').ofPoint('a1')).toEqual({ text: '…', order: undefined });
    expect(cells('last:train/loss').ofRun('b1')).toEqual(missing);
    expect(cells('last:train/loss').ofPoint('b1')).toEqual(missing);
  });
});

test.each([
  '',
  'axis',
  'axis:',
  'axis:gone',
  'nothing',
  'median:train/loss',
  'toString',
  ':metric',
])('"%s" is no column', (id) => {
  expect(column(id)).toBeUndefined();
});

test('by default there are the axes, the metrics, and gains where more is better', () => {
  expect(
    defaultColumns([temperature], ['drift.deltaEmb', 'knn.macroF1', 'drift.cka', 'sst2.knn.logLoss', 'x']),
  ).toEqual([
    `axis:${temperature}`,
    'status',
    'metric:drift.deltaEmb',
    'metric:knn.macroF1',
    'gain:knn.macroF1',
    'metric:drift.cka',
    'metric:sst2.knn.logLoss',
    'metric:x',
    'front',
    'seeds',
  ]);
  const columns = defaultColumns([temperature, weight], model.metrics);
  expect(columns.map((id) => column(id)?.id)).toEqual(columns);
});

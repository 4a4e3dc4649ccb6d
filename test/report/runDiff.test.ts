import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { pointsOf } from '../../src/report/comparison.ts';
import { diffPoints, diffRuns, diffText } from '../../src/report/runDiff.ts';
import { noColours } from '../../src/report/terminal.ts';
import { type ExperimentResults, readExperiment, readRun } from '../../src/tracking/results.ts';
import { cellId, writeMadeUpResults } from './madeUpResults.ts';

const temperature = 'objective.supCon.temperature';
let results: ExperimentResults;

beforeAll(async () => {
  const newer = { code: '0.2.0', wall: { threads: 2 } };
  const start = (id: string) => (id === cellId(2, 3) ? newer : {});
  results = readExperiment(join(await writeMadeUpResults({ start }), 'made-up'));
});

function runOf(point: number, seed: number) {
  return readRun(join(results.folder, 'cells', cellId(point, seed)));
}

describe('diffRuns', () => {
  test('names the settings and circumstances that differ, and no others', () => {
    expect(diffRuns(runOf(0, 1), runOf(2, 3)).settings).toEqual([
      { path: temperature, a: 0.05, b: 0.1 },
      { path: 'seed', a: 1, b: 3 },
      { path: 'threads', a: 1, b: 2 },
      { path: 'code', a: '0.1.0+abc1234', b: '0.2.0' },
    ]);
  });

  test('sets metrics side by side; the difference is b − a', () => {
    const { metrics, commonSeeds } = diffRuns(runOf(0, 1), runOf(0, 2));
    expect(metrics.find(({ metric }) => metric === 'knn.macroF1')).toEqual({
      metric: 'knn.macroF1',
      a: { mean: 0.3122, halfWidth: null, n: 1 },
      b: { mean: 0.3187, halfWidth: null, n: 1 },
      difference: { mean: 0.3187 - 0.3122, halfWidth: null, n: 1 },
    });
    expect(commonSeeds).toBeUndefined();
  });

  test('a metric that only one has is shown without a difference', () => {
    const run = runOf(0, 1);
    const other = { ...run, end: { ...run.end, metrics: { 'new.metric': 1 } } };
    const [first] = diffRuns(other, run).metrics;
    expect(first).toEqual({ metric: 'new.metric', a: { mean: 1, halfWidth: null, n: 1 } });
  });
});

describe('over other test texts', () => {
  const truth = Array.from({ length: 300 }, (_, i) => i % 3);
  const withPredictions = (share: number, classifier = 'knn') => {
    const run = runOf(0, 1);
    const predicted = truth.map((label, i) => (i < share * truth.length ? label : (label + 1) % 3));
    const record = {
      type: 'predictions' as const,
      classifier,
      labelNames: ['a', 'b', 'c'],
      truth,
      predicted,
      wall: {},
    };
    return { ...run, end: { ...run.end, metrics: { 'knn.accuracy': share } }, predictions: [record] };
  };

  test('the difference has an interval, paired text by text', () => {
    const [metric] = diffRuns(withPredictions(0.5), withPredictions(0.6)).metrics;
    expect(metric?.difference?.mean).toBeCloseTo(0.1, 12);
    const { low = Number.NaN, high = Number.NaN } = metric?.overTexts ?? {};
    // 30 of 300 texts differ: a standard error of √(.1 · .9 / 300).
    const error = Math.sqrt((0.1 * 0.9) / 300);
    expect(low).toBeGreaterThan(0.1 - 2.3 * error);
    expect(low).toBeLessThan(0.1 - 1.6 * error);
    expect(high).toBeGreaterThan(0.1 + 1.6 * error);
    expect(high).toBeLessThan(0.1 + 2.3 * error);
    const shown = diffText(diffRuns(withPredictions(0.5), withPredictions(0.6)), { a: 'a', b: 'b' }, noColours);
    expect(shown).toMatch(/accuracy % +↑ +50\.0 +60\.0 +\+10\.0 +\+\d\.\d to \+1\d\.\d/);
    expect(shown).toContain('paired bootstrap');
  });

  test('a classifier that only one has, or other texts, give none', () => {
    const other = withPredictions(0.6);
    const turned = {
      ...other,
      predictions: other.predictions.map((own) => ({ ...own, truth: own.truth.toReversed() })),
    };
    for (const b of [withPredictions(0.6, 'sst2.knn'), turned]) {
      expect(diffRuns(withPredictions(0.5), b).metrics[0]?.overTexts).toBeUndefined();
    }
  });
});

describe('diffPoints', () => {
  test('leaves the seed out of what differs and pairs over common seeds', () => {
    const [first, , third] = pointsOf(results);
    const { settings, commonSeeds } = diffPoints(first ?? [], third ?? []);
    expect(settings).toEqual([{ path: temperature, a: 0.05, b: 0.1 }]);
    expect(commonSeeds).toEqual([1, 3]);
  });
});

describe('diffText', () => {
  const text = (a: number, b: number) => {
    const points = pointsOf(results);
    return diffText(diffPoints(points[a] ?? [], points[b] ?? []), { a: 'first', b: 'second' }, noColours);
  };

  test('the whole text', () => {
    expect(text(0, 2)).toMatchInlineSnapshot(`
      "a  first
      b  second

      what differs                  a     b
      ───────────────────────────────────────
      objective.supCon.temperature  0.05  0.1

      metric                       a                b               b − a
      ───────────────────────────────────────────────────────────────────
      accuracy %  ↑       34.3 ± 1.7       33.7 ± 2.2          -0.2 ± 0.6
      macro F1 %  ↑       31.3 ± 1.4       30.6 ± 0.8          -0.4 ± 3.5
      Δemb        ↓  0.0194 ± 0.0017  0.0228 ± 0.0030  +0.00375 ± 0.00654
      Δcos        ↓    0.244 ± 0.021    0.276 ± 0.030    +0.0372 ± 0.0604
      ↑: higher is to be preferred; ↓: lower.

      b − a is paired over the seeds 1, 3; ±: 95 % t-interval of the mean."
    `);
  });

  test('tests the differences where there are seeds enough, adjusted for all metrics', () => {
    const [point = []] = pointsOf(results);
    const [first] = point;
    if (first?.outcome.state !== 'finished') throw new Error('the first cell is not finished');
    const { run } = first.outcome;
    const withSeeds = (change: (seed: number) => Record<string, number>) =>
      [1, 2, 3, 4, 5, 6].map((seed) => ({
        ...first,
        outcome: {
          state: 'finished' as const,
          run: { ...run, start: { ...run.start, seed }, end: { ...run.end, metrics: change(seed) } },
        },
      }));
    const before = withSeeds((seed) => ({ 'knn.macroF1': seed / 10, 'drift.deltaEmb': 1 }));
    const after = withSeeds((seed) => ({ 'knn.macroF1': seed / 10 + 0.01 * seed, 'drift.deltaEmb': 1 }));
    const { metrics } = diffPoints(before, after, { tested: ['knn.macroF1'] });
    // Two of the 2⁶ choices of signs are as far from 0.
    expect(metrics.map(({ pValue }) => pValue)).toEqual([2 / 64, undefined]);
    const both = diffPoints(before, after, { tested: ['knn.macroF1', 'drift.deltaEmb'] });
    expect(both.metrics.map(({ pValue }) => pValue)).toEqual([4 / 64, 1]);
    const shown = diffText(
      diffPoints(before, after, { tested: ['knn.macroF1'] }),
      { a: 'before', b: 'after' },
      noColours,
    );
    expect(shown).toMatch(/b − a +p$/m);
    expect(shown).toContain('0.031');
    expect(shown).toContain('p: two-sided sign-flip test');
  });

  test('says if nothing can be paired, or nothing differs', () => {
    expect(text(2, 3)).toContain('The points have no finished seed in common: nothing can be paired.');
    expect(text(1, 3)).toContain('b − a is paired over seed 2: no interval.');
    expect(text(1, 1)).toContain('All settings are the same.');
  });
});

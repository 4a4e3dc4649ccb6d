import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Comparison, compare } from '../../src/report/comparison.ts';
import { comparisonTable } from '../../src/report/comparisonTable.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { writeMadeUpResults } from './madeUpResults.ts';

let comparison: Comparison;

beforeAll(async () => {
  comparison = compare(readExperiment(join(await writeMadeUpResults(), 'made-up')));
});

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

test('the whole table', () => {
  const text = comparisonTable(comparison);
  expect(text).toMatchInlineSnapshot(`
    "temperature  weight               Δemb               Δcos  accuracy %        gain  macro F1 %        gain  ★    n
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
       original                          0                  0        31.3                    28.1                   1
           0.05       1    0.0194 ± 0.0017      0.244 ± 0.021  34.3 ± 1.7  +3.0 ± 1.7  31.3 ± 1.4  +3.1 ± 1.4  ★    3
           0.05      10  3.15e-4 ± 0.31e-4  0.00414 ± 0.00034  33.2 ± 0.6  +1.9 ± 0.6  30.2 ± 0.4  +2.1 ± 0.4  ★    3
            0.1       1    0.0228 ± 0.0030      0.276 ± 0.030  33.7 ± 2.2  +2.5 ± 2.2  30.6 ± 0.8  +2.5 ± 0.8     2/3
            0.1      10            4.12e-5            5.38e-4        30.9        -0.3        27.6        -0.5     1/3

    Δemb: mean squared change of a test text's embedding per dimension; 0: untouched. ±: 95 % t-interval over n seeds.
    gain: points over the original encoder, paired by seed. ★: nothing gains as much macro F1 for as little Δemb.
    ! not run yet: 1 of 13 cells; continue with: yarn sweep experiments/made-up.ts
    ! diverged, left out of the means: temperature 0.1 · weight 1 · seed 2: the loss is NaN in step 4
    ! failed: temperature 0.1 · weight 10 · seed 1: Error: out of memory"
  `);
  expect(widest(text)).toBeLessThanOrEqual(120);
});

test('an experiment’s own columns, each with its gain where there is room', () => {
  const own = { ...comparison, columns: ['knn.accuracy', 'drift.deltaCos'] };
  const lines = comparisonTable(own).split('\n');
  expect(lines[0]?.split(/ {2,}/)).toEqual([
    'temperature',
    'weight',
    'Δemb',
    'accuracy %',
    'gain',
    'Δcos',
    'gain',
    'n',
  ]);
  expect(comparisonTable(own)).toContain('gain: what is above the original encoder, paired by seed.');
  expect(comparisonTable(own)).not.toContain('★');
  const narrow = comparisonTable(own, { width: 92 }).split('\n')[0]?.split(/ {2,}/);
  expect(narrow).toEqual(['temperature', 'weight', 'Δemb', 'accuracy %', 'gain', 'Δcos', 'n']);
});

test('columns of downstream tasks leave out what they have in common, and the legend says it', () => {
  const titled = (...columns: string[]) => {
    const lines = comparisonTable({ ...comparison, columns }, { width: 300 }).split('\n');
    const titles = lines[0]
      ?.split(/ {2,}/)
      .filter((title) => !['temperature', 'weight', 'Δemb', 'gain', 'n'].includes(title));
    return { titles, legend: lines.find((line) => line.includes('gain:')) };
  };
  expect(titled('sst2.knn.macroF1', 'sst2.fewShot8.macroF1')).toEqual({
    titles: ['kNN', '8-shot'],
    legend: 'Columns: macro F1 % on sst2. gain: what is above the original encoder, paired by seed.',
  });
  expect(titled('sst2.knn.accuracy', 'my.task.fineTuning.accuracy')).toEqual({
    titles: ['sst2 kNN', 'my.task fine-tuned'],
    legend: 'Columns: accuracy %. gain: what is above the original encoder, paired by seed.',
  });
  expect(titled('sst2.knn.accuracy', 'sst2.knn.macroF1').titles).toEqual(['kNN accuracy %', 'kNN macro F1 %']);
  expect(titled('knn.macroF1', 'sst2.knn.macroF1').titles).toEqual(['macro F1 %', 'sst2.knn.macroF1']);
});

describe('columns of the trained classifier', () => {
  const names = ['classifier.accuracy', 'classifier.macroF1', 'classifier.hardRocAucWeighted'];

  /** The comparison, with the classifier's scores in its points, and in its original if the encoder had that head. */
  function withClassifier(columns: readonly string[], ofOriginal = false): Comparison {
    const summaries = Object.fromEntries(names.map((name) => [name, { mean: 0.5, halfWidth: 0.01, n: 3, values: [] }]));
    const differences = Object.fromEntries(
      names.map((name) => [name, { mean: 0.1, halfWidth: 0.02, n: 3, values: [], p: 0.01 }]),
    );
    return {
      ...comparison,
      columns,
      originals: comparison.originals.map((original) => ({
        ...original,
        metrics: { ...original.metrics, ...(ofOriginal && summaries) },
      })),
      points: comparison.points.map((point) => ({
        ...point,
        metrics: { ...point.metrics, ...summaries },
        differences: { ...point.differences, ...(ofOriginal && differences) },
      })),
    };
  }

  const titlesOf = (text: string) => text.split('\n')[0]?.split(/ {2,}/);

  test('have no gain, since the original encoder has no such head', () => {
    const text = comparisonTable(withClassifier(names), { width: 300 });
    expect(titlesOf(text)).toEqual([
      'temperature',
      'weight',
      'Δemb',
      'accuracy %',
      'macro F1 %',
      'ROC-AUC of predictions, weighted',
      'n',
    ]);
    expect(text).toContain('Columns: scores of the trained heads.');
    expect(text).not.toContain('gain');
    const [original = '', point = ''] = text.split('\n').slice(2);
    expect(original.trim().split(/\s{2,}/)).toEqual(['original', '0', '–', '–', '–', '1']);
    expect(point).toContain('50.0 ± 1.0');
  });

  test('are told from others beside them, which have their gain', () => {
    const text = comparisonTable(withClassifier(['classifier.accuracy', 'knn.accuracy']), { width: 300 });
    expect(titlesOf(text)).toEqual([
      'temperature',
      'weight',
      'Δemb',
      'classifier accuracy %',
      'accuracy %',
      'gain',
      'n',
    ]);
    expect(text).toContain('gain: what is above the original encoder, paired by seed.');
    expect(text).not.toContain('scores of the trained heads');
  });

  test('have it where the original has them, and where it is not finished', () => {
    const measured = withClassifier(['classifier.accuracy'], true);
    const pending = {
      ...withClassifier(['classifier.accuracy']),
      originals: comparison.originals.map((original) => ({ ...original, cells: [], metrics: {} })),
    };
    for (const own of [measured, pending]) {
      expect(titlesOf(comparisonTable(own))).toEqual(['temperature', 'weight', 'Δemb', 'accuracy %', 'gain', 'n']);
    }
  });
});

test('where room is short the least important columns go, and it is said which', () => {
  const narrow = comparisonTable(comparison, { width: 100 });
  expect(narrow).toContain('Left out for want of room: Δcos; --json has everything.');
  expect(narrow.split('\n')[0]).toMatchInlineSnapshot(
    `"temperature  weight               Δemb  accuracy %        gain  macro F1 %        gain  ★    n"`,
  );
  const tight = comparisonTable(comparison, { width: 60 });
  expect(tight).toContain('Left out for want of room: Δcos, accuracy %, gain; --json has everything.');
  expect(tight.split('\n')[0]).toMatchInlineSnapshot(
    `"temperature  weight               Δemb  macro F1 %        gain  ★    n"`,
  );
});

test('colours change nothing else', () => {
  const coloured = comparisonTable(comparison, { colours: pc.createColors(true) });
  expect(coloured).not.toBe(comparisonTable(comparison));
  expect(stripVTControlCharacters(coloured)).toBe(comparisonTable(comparison));
});

test('one seed has no interval, and the table says so', () => {
  const single = (summary: { mean: number; n: number }) => ({ ...summary, halfWidth: null, n: 1 });
  const points = comparison.points.map((point) => ({
    ...point,
    cells: point.cells.slice(0, 1),
    metrics: Object.fromEntries(Object.entries(point.metrics).map(([metric, value]) => [metric, single(value)])),
    differences: Object.fromEntries(
      Object.entries(point.differences).map(([metric, value]) => [metric, { ...value, ...single(value) }]),
    ),
  }));
  const text = comparisonTable({ ...comparison, points });
  expect(text).not.toContain('±');
  expect(text).toContain('One seed: no interval can be given.');
});

test('axes go by the shortest names that tell them apart', () => {
  const axes = ['training.learningRate', 'a.weight', 'b.weight'];
  const values = { 'training.learningRate': 0.1, 'a.weight': 1, 'b.weight': 2 };
  const points = comparison.points.map((point) => ({ ...point, axes: values }));
  expect(comparisonTable({ ...comparison, axes, points }, { width: 200 }).split('\n')[0]).toMatch(
    /^learningRate {2}a\.weight {2}b\.weight /,
  );
});

test.each([
  ['no axes', [], {}, {}],
  ['axes that change the original too', ['pooling'], { pooling: 'cls' }, { pooling: 'cls' }],
])('with %s a column tells the original from the retrofitted', (_what, axes, ofOriginal, ofPoint) => {
  const lines = comparisonTable({
    ...comparison,
    axes,
    originals: comparison.originals.map((original) => ({ ...original, axes: ofOriginal })),
    points: comparison.points.slice(0, 1).map((point) => ({ ...point, axes: ofPoint })),
  }).split('\n');
  expect(lines[0]).toMatch(/^encoder/);
  expect(lines[2]).toMatch(/^original/);
  expect(lines[3]).toMatch(/^retrofitted/);
});

test('what has not been measured is a dash', () => {
  const nothing = { metrics: {}, differences: {}, cells: [], seeds: [], paretoOptimal: false };
  const points = comparison.points.slice(0, 1).map((point) => ({ ...point, ...nothing }));
  const [, , , line = ''] = comparisonTable({ ...comparison, points }).split('\n');
  expect(line.trim().split(/\s+/)).toEqual(['0.05', '1', '–', '–', '–', '–', '–', '–', '0/3']);
});

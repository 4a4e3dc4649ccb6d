import { expect, test } from 'vitest';
import { stream } from '../../src/random.ts';
import { confusionMatrixChart, confusionMatrixTable } from '../../src/report/confusionMatrixChart.ts';

interface Cell {
  readonly value: readonly [predicted: number, actual: number, share: number, texts: number];
}

/** What the tests look at of a chart. */
interface Chart {
  readonly xAxis: { readonly data: string[]; readonly axisLabel: { readonly rotate: number } };
  readonly yAxis: { readonly data: string[]; readonly inverse: boolean };
  readonly visualMap: { readonly dimension: number; readonly min: number; readonly max: number };
  readonly series: readonly [{ readonly data: readonly Cell[]; readonly label: { readonly show: boolean } }];
}

function made(classes: number, texts: number, seed = 1) {
  const random = stream(seed, 'confusion');
  const labels = () => Array.from({ length: texts }, () => random.integer(classes));
  const labelNames = Array.from({ length: classes }, (_, i) => `class ${i}`);
  return { title: 'made up', labelNames, truth: labels(), predicted: labels() };
}

function chartOf(matrix: ReturnType<typeof made>): Chart {
  return confusionMatrixChart(matrix) as unknown as Chart;
}

test.each([
  { classes: 1, texts: 3 },
  { classes: 2, texts: 50 },
  { classes: 6, texts: 500 },
  { classes: 28, texts: 300 },
])('cells hold shares of the row and numbers of texts: $classes classes', ({ classes, texts }) => {
  const matrix = made(classes, texts);
  const { data } = chartOf(matrix).series[0];
  expect(data).toHaveLength(classes ** 2);
  for (const { value } of data) {
    const [predicted, actual, share, count] = value;
    const ofRow = matrix.truth.filter((label) => label === actual).length;
    const both = matrix.truth.filter((label, i) => label === actual && matrix.predicted[i] === predicted).length;
    expect(count).toBe(both);
    expect(share).toBeCloseTo(ofRow === 0 ? 0 : (100 * both) / ofRow, 10);
  }
});

test('true classes from top to bottom, predicted ones from left to right, colours from 0 to 100 %', () => {
  const { xAxis, yAxis, visualMap } = chartOf(made(3, 10));
  expect(xAxis.data).toEqual(['class 0', 'class 1', 'class 2']);
  expect(yAxis).toMatchObject({ data: xAxis.data, inverse: true });
  expect(visualMap).toMatchObject({ dimension: 2, min: 0, max: 100 });
});

test('numbers are written for at most 12 classes; names that have no room side by side are turned', () => {
  expect(chartOf(made(12, 20)).series[0].label.show).toBe(true);
  expect(chartOf(made(13, 20)).series[0].label.show).toBe(false);
  expect(chartOf(made(3, 20)).xAxis.axisLabel.rotate).toBe(0);
  expect(chartOf(made(28, 20)).xAxis.axisLabel.rotate).toBe(90);
});

test('long names are cut in the picture and whole in the table; a class without a name is called by its number', () => {
  const long = 'a class with quite a long name';
  const matrix = { title: '', labelNames: [long], truth: [0, 0], predicted: [0, 1] };
  expect(chartOf(matrix).xAxis.data).toEqual(['a class with quite a lo…', '1']);
  expect(confusionMatrixTable(matrix).rows).toEqual([
    [long, long, 1],
    [long, '1', 1],
    ['1', long, 0],
    ['1', '1', 0],
  ]);
});

test('the table has a row for each pair of classes', () => {
  const matrix = made(4, 30);
  const { columns, rows } = confusionMatrixTable(matrix);
  expect(columns).toEqual(['Actual', 'Predicted', 'nPredictions']);
  const pairs = matrix.labelNames.flatMap((actual) => matrix.labelNames.map((predicted) => [actual, predicted]));
  expect(rows.map(([actual, predicted]) => [actual, predicted])).toEqual(pairs);
  for (const [actual, predicted, texts] of rows) {
    const both = matrix.truth.filter(
      (label, i) => `class ${label}` === actual && `class ${matrix.predicted[i]}` === predicted,
    );
    expect(texts).toBe(both.length);
  }
});

test('no texts', () => {
  expect(chartOf({ title: '', labelNames: [], truth: [], predicted: [] }).series[0].data).toEqual([]);
});

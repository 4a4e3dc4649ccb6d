import type { EChartsOption } from 'echarts';
import type { Predictions } from '../evaluation/classification.ts';

export interface ConfusionMatrix extends Predictions {
  /** By class number; a class beyond them is called by its number. */
  readonly labelNames: readonly string[];
}

/**
 * A heat map of the texts of each true class (rows) by the class that they were given (columns), in the order of the
 * class numbers. The colour is the share of the row; with at most 12 classes the cells also hold the number of texts.
 */
export function confusionMatrixChart({
  title,
  ...matrix
}: ConfusionMatrix & { readonly title: string }): EChartsOption {
  const { names, counts } = countsOf(matrix);
  const shown = names.map(cut);
  const widest = Math.max(...shown.map((name) => name.length));
  const labelled = names.length <= mostWithCounts;
  const axisLabel = { interval: 0, fontSize: labelled ? 12 : 11, color: ink };
  return {
    title: {
      text: title,
      subtext: `${matrix.truth.length} texts; colour: share of the texts of a true class`,
      left: 20,
      top: 12,
      itemGap: 4,
      textStyle: { fontSize: 18, color: ink },
      subtextStyle: { fontSize: 12, color: faintInk },
    },
    grid: { left: 20, right: 110, top: 80, bottom: 16, outerBoundsMode: 'same' },
    xAxis: {
      ...categories('predicted class', shown),
      // Names stand side by side only where all of them have room; about 50 characters fit below a small matrix.
      axisLabel: { ...axisLabel, rotate: widest * names.length > 50 ? 90 : 0 },
    },
    yAxis: { ...categories('true class', shown), inverse: true, axisLabel },
    visualMap: {
      type: 'continuous',
      dimension: 2,
      min: 0,
      max: 100,
      inRange: { color: [...blues] },
      right: 16,
      top: 'middle',
      itemHeight: 220,
      text: ['100 %', '0 %'],
      textStyle: { fontSize: 12, color: faintInk },
    },
    series: [
      {
        type: 'heatmap',
        data: counts.flatMap((row, actual) => {
          const texts = row.reduce((sum, count) => sum + count, 0);
          return row.map((count, predicted) => {
            const share = texts === 0 ? 0 : (100 * count) / texts;
            return {
              value: [predicted, actual, share, count],
              ...(labelled && { label: { color: share > 50 ? '#ffffff' : ink } }),
            };
          });
        }),
        label: { show: labelled, formatter: '{@[3]}', fontSize: 13 },
        itemStyle: { borderColor: '#ffffff', borderWidth: 1 },
      },
    ],
  };
}

const mostWithCounts = 12;
const ink = '#333333';
const faintInk = '#666666';
/** Almost white to dark blue. */
const blues = ['#f3f6fa', '#b9d3ea', '#4a90c4', '#1c64a8', '#08306b'] as const;

function categories(name: string, names: readonly string[]) {
  return {
    type: 'category' as const,
    name,
    nameLocation: 'middle' as const,
    nameTextStyle: { fontSize: 13, fontWeight: 'bold' as const, color: ink },
    data: [...names],
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: false },
  };
}

function cut(name: string): string {
  return name.length > 24 ? `${name.slice(0, 23)}…` : name;
}

/** The matrix as a table, one row for each pair of classes, also of those that no text has. */
export function confusionMatrixTable(matrix: ConfusionMatrix): {
  readonly columns: readonly ['Actual', 'Predicted', 'nPredictions'];
  readonly rows: readonly (readonly [actual: string, predicted: string, texts: number])[];
} {
  const { names, counts } = countsOf(matrix);
  return {
    columns: ['Actual', 'Predicted', 'nPredictions'],
    rows: counts.flatMap((row, actual) =>
      row.map((count, predicted) => [names[actual] ?? '', names[predicted] ?? '', count] as const),
    ),
  };
}

/** Numbers of texts, [true class][predicted class]. */
function countsOf({ labelNames, truth, predicted }: ConfusionMatrix): {
  readonly names: readonly string[];
  readonly counts: readonly (readonly number[])[];
} {
  const pairs = Array.from(truth, (actual, i) => [actual, predicted[i] as number] as const);
  const size = pairs.flat().reduce((most, label) => Math.max(most, label + 1), labelNames.length);
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const [actual, guess] of pairs) {
    const row = counts[actual] as number[];
    row[guess] = (row[guess] as number) + 1;
  }
  return { names: counts.map((_, label) => labelNames[label] ?? String(label)), counts };
}

import type { EChartsOption } from 'echarts';
import type { Predictions } from '../evaluation/classification.ts';
import { type ChartTheme, chartTitle, lightTheme } from './chartTheme.ts';

export interface ConfusionMatrix extends Predictions {
  /** By class number; a class beyond them is called by its number. */
  readonly labelNames: readonly string[];
}

/**
 * A heat map of the texts of each true class (rows) by the class that they were given (columns), in the order of the
 * class numbers. The colour is the share of the row; with at most 12 classes the cells also hold the number of texts.
 */
export function confusionMatrixChart(
  { title, ...matrix }: ConfusionMatrix & { readonly title?: string },
  theme: ChartTheme = lightTheme,
): EChartsOption {
  const { ink, faintInk, paper, shades, shadeInk } = theme;
  const { names, counts } = countsOf(matrix);
  const shown = names.map(cut);
  const widest = Math.max(...shown.map((name) => name.length));
  const labelled = names.length <= mostWithCounts;
  const axisLabel = { interval: 0, fontSize: labelled ? 12 : 11, color: ink };
  return {
    ...(title !== undefined && {
      title: chartTitle(
        { text: title, note: `${matrix.truth.length} texts; colour: share of the texts of a true class` },
        theme,
      ),
    }),
    grid: { left: 20, right: 110, top: title === undefined ? 8 : 80, bottom: 16, outerBoundsMode: 'same' },
    xAxis: {
      ...categories('predicted class', shown, ink),
      // Names stand side by side only where all of them have room; about 50 characters fit below a small matrix.
      axisLabel: { ...axisLabel, rotate: widest * names.length > 50 ? 90 : 0 },
    },
    yAxis: { ...categories('true class', shown, ink), inverse: true, axisLabel },
    visualMap: {
      type: 'continuous',
      dimension: 2,
      min: 0,
      max: 100,
      inRange: { color: [...shades] },
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
              ...(labelled && { label: { color: share > 50 ? shadeInk : ink } }),
            };
          });
        }),
        label: { show: labelled, formatter: '{@[3]}', fontSize: 13 },
        itemStyle: { borderColor: paper, borderWidth: 1 },
      },
    ],
  };
}

const mostWithCounts = 12;

function categories(name: string, names: readonly string[], ink: string) {
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

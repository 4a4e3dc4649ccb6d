import type { EChartsOption } from 'echarts';
import { classificationReport } from '../../../evaluation/classification.ts';
import { Figure } from '../components/figure.tsx';
import { tooltip } from '../components/tooltip.ts';
import { type Compared, pooledPredictions } from '../model/comparison.ts';
import { chartTheme } from '../theme.ts';
import type { Details } from './compare.tsx';

export interface ClassifierProps {
  readonly items: readonly Compared[];
  readonly details: Details;
  readonly classifier: string;
}

/** F1 of each class. */
export function ClassBars({ items, details, classifier }: ClassifierProps) {
  const reports = items.flatMap((item) => {
    const predictions = pooledPredictions(item, details, classifier);
    return predictions ? [{ item, report: classificationReport(predictions, predictions.labelNames) }] : [];
  });
  const classes = [...new Set(reports.flatMap(({ report }) => report.classes.map(({ label }) => label)))];
  if (classes.length === 0) return null;
  const scoreOf = (own: (typeof reports)[number], label: string) =>
    own.report.classes.find((found) => found.label === label);
  const { ink, faintInk, kinds, grid, axis } = chartTheme.value;
  const option: EChartsOption = {
    color: [...kinds],
    legend: { type: 'scroll', top: 0, textStyle: { color: ink } },
    grid: { left: 12, right: 20, top: 36, bottom: 8, outerBoundsMode: 'same' },
    tooltip: { ...tooltip(), trigger: 'axis', axisPointer: { type: 'shadow' } },
    xAxis: {
      type: 'category',
      data: classes,
      axisLabel: { color: ink, interval: 0, rotate: classes.length > 8 ? 60 : 0 },
      axisLine: { lineStyle: { color: axis } },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      name: 'F1 %',
      nameTextStyle: { color: ink },
      axisLabel: { color: faintInk },
      splitLine: { lineStyle: { color: grid } },
    },
    series: reports.map((own) => ({
      type: 'bar',
      name: own.item.label,
      data: classes.map((label) => Number((100 * (scoreOf(own, label)?.f1 ?? 0)).toFixed(1))),
    })),
  };
  return (
    <Figure
      title={`F1 of each class, ${classifier}`}
      note="Test texts of all seeds together."
      option={option}
      height={360}
      numbers={() => ({
        columns: [
          'class',
          ...reports.flatMap(({ item }) =>
            ['precision', 'recall', 'F1', 'texts'].map((own) => `${item.label}: ${own}`),
          ),
        ],
        rows: classes.map((label) => [
          label,
          ...reports.flatMap((own) => {
            const found = scoreOf(own, label);
            return [found?.precision ?? null, found?.recall ?? null, found?.f1 ?? null, found?.support ?? null];
          }),
        ]),
      })}
    />
  );
}

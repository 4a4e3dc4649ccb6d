import type { EChartsOption } from 'echarts';
import { metricTitle } from '../../../report/metrics.ts';
import { Figure } from '../components/figure.tsx';
import { importances, mostGroups } from '../model/importance.ts';
import { sweep, variedAxes, visiblePoints } from '../store.ts';
import { chartTheme } from '../theme.ts';

/** Which parameters a measure depends on. */
export function ImportanceChart({ metric }: { readonly metric: string }) {
  const model = sweep.value;
  if (!model || variedAxes.value.length === 0) return null;
  const runs = visiblePoints.value.flatMap(({ axes, counted }) =>
    counted.flatMap(({ metrics, seed }) => {
      const value = metrics[metric] ?? Number.NaN;
      return Number.isFinite(value) ? [{ value, axes: { ...axes, seed } }] : [];
    }),
  );
  const parameters = [...variedAxes.value, ...(model.head.seeds.length > 1 ? ['seed'] : [])];
  const found = importances(parameters, runs);
  if (found.length === 0) return null;
  const name = (path: string) => model.axisNames.get(path) ?? path;
  const { ink, faintInk, kinds, grid, axis } = chartTheme.value;
  const option: EChartsOption = {
    grid: { left: 12, right: 60, top: 8, bottom: 12, outerBoundsMode: 'same' },
    xAxis: {
      type: 'value',
      min: 0,
      max: 100,
      axisLabel: { color: faintInk, formatter: '{value} %' },
      splitLine: { lineStyle: { color: grid } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: found.map(({ parameter }) => name(parameter)),
      axisLabel: { color: ink, fontSize: 12 },
      axisLine: { lineStyle: { color: axis } },
      axisTick: { show: false },
    },
    series: [
      {
        type: 'bar',
        data: found.map(({ share }) => 100 * share),
        itemStyle: { color: kinds[0] },
        barMaxWidth: 22,
        label: { show: true, position: 'right', color: ink, formatter: ({ value }) => `${Number(value).toFixed(1)} %` },
      },
    ],
  };
  return (
    <Figure
      title={`What ${metricTitle(metric)} depends on`}
      note={`η² of a one-way analysis of variance over ${runs.length} runs: the share of the variance between the values of a parameter (numbers with more than ${mostGroups} values in groups of neighbours). What is missing from 100 % are interactions and chance.`}
      option={option}
      height={40 + 34 * found.length}
      numbers={() => ({
        columns: ['parameter', 'share of variance'],
        rows: found.map(({ parameter, share }) => [parameter, share]),
      })}
    />
  );
}

import type { EChartsOption } from 'echarts';
import { mean } from 'simple-statistics';
import { Figure } from '../components/figure.tsx';
import { Select } from '../components/select.tsx';
import { tooltip } from '../components/tooltip.ts';
import type { Compared } from '../model/comparison.ts';
import { param } from '../state.ts';
import { chartTheme } from '../theme.ts';
import type { Details } from './compare.tsx';

const measures = { deltaEmb: 'Δemb', deltaCos: 'Δcos', cka: 'CKA' } as const;
type Measure = keyof typeof measures;

const measureParam = param('layerMeasure', 'deltaEmb');

/** How far the states after each layer have moved. */
export function LayerDrift({ items, details }: { readonly items: readonly Compared[]; readonly details: Details }) {
  const measure = (Object.keys(measures) as Measure[]).find((own) => own === measureParam.value) ?? 'deltaEmb';
  const curves = items.flatMap((item) => {
    const runs = item.runs.flatMap(({ id }) => {
      const own = details.get(id)?.layers;
      return own ? [own.drift.map((layer) => Number(layer[measure]))] : [];
    });
    if (runs.length === 0) return [];
    return [{ item, values: (runs[0] ?? []).map((_, i) => mean(runs.map((own) => own[i] as number))) }];
  });
  if (curves.length === 0) return null;
  const depth = Math.max(...curves.map(({ values }) => values.length));
  const names = Array.from({ length: depth }, (_, i) => (i === 0 ? 'embeddings' : `layer ${i}`));
  const { ink, faintInk, kinds, grid, axis } = chartTheme.value;
  const option: EChartsOption = {
    color: [...kinds],
    legend: { type: 'scroll', top: 0, textStyle: { color: ink } },
    grid: { left: 12, right: 24, top: 44, bottom: 8, outerBoundsMode: 'same' },
    tooltip: { ...tooltip(), trigger: 'axis' },
    xAxis: { type: 'category', data: names, axisLabel: { color: ink }, axisLine: { lineStyle: { color: axis } } },
    yAxis: {
      type: 'value',
      name: measures[measure],
      nameTextStyle: { color: ink },
      axisLabel: { color: faintInk },
      splitLine: { lineStyle: { color: grid } },
    },
    series: curves.map(({ item, values }) => ({ type: 'line', name: item.label, data: values, symbolSize: 7 })),
  };
  return (
    <Figure
      title="Drift by layer"
      note="Of the pooled states after each layer, on a sample of test texts; mean over seeds."
      option={option}
      height={320}
      numbers={() => ({
        columns: ['states', ...curves.map(({ item }) => item.label)],
        rows: names.map((name, i) => [name, ...curves.map(({ values }) => values[i] ?? null)]),
      })}
    >
      <Select
        label="Measure"
        value={measure}
        options={Object.entries(measures).map(([value, title]) => ({ value, title }))}
        onChange={(value) => measureParam.set(value)}
      />
    </Figure>
  );
}

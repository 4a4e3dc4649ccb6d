import type { EChartsOption } from 'echarts';
import { formatMetric, metricTitle } from '../../../report/metrics.ts';
import { showValue } from '../../../sweep/labels.ts';
import { Figure } from '../components/figure.tsx';
import { Select } from '../components/select.tsx';
import { tooltip } from '../components/tooltip.ts';
import { type HeatMapData, heatMap } from '../model/heatMap.ts';
import { param } from '../state.ts';
import { sweep, variedAxes, visiblePoints } from '../store.ts';
import { chartTheme } from '../theme.ts';

const usualAxes = ['objective.supCon.temperature', 'objective.vectorSpacePreservation.weight'];
const xParam = param('columnsAre');
const yParam = param('rowsAre');

/** A measure by two parameters. */
export function HeatMap({ metric }: { readonly metric: string }) {
  const model = sweep.value;
  // Temperature by weight of preservation before others.
  const [first, second] = [...new Set([...usualAxes, ...variedAxes.value])].filter((path) =>
    variedAxes.value.includes(path),
  );
  if (!model || first === undefined || second === undefined) return null;
  const x = variedAxes.value.includes(xParam.value) ? xParam.value : second;
  const y = variedAxes.value.includes(yParam.value) ? yParam.value : first;
  const data = heatMap(visiblePoints.value, { x, y, metric });
  const name = (path: string) => model.axisNames.get(path) ?? path;
  const options = variedAxes.value.map((path) => ({ value: path, title: name(path) }));
  return (
    <Figure
      title={`${metricTitle(metric)} by ${name(y)} and ${name(x)}`}
      note="Means over all seeds and over the other parameters; what diverged or failed is left out."
      option={optionOf(data, metric, name(x), name(y))}
      height={Math.max(220, 130 + 46 * data.rows.length)}
      numbers={() => ({
        columns: [name(y), ...data.columns.map((column) => `${name(x)} ${showValue(column)}`)],
        rows: data.rows.map((row, i) => [showValue(row), ...(data.cells[i] ?? []).map((cell) => cell?.mean ?? null)]),
      })}
    >
      <Select label="Rows" value={y} options={options} onChange={(value) => yParam.set(value)} />
      <Select label="Columns" value={x} options={options} onChange={(value) => xParam.set(value)} />
    </Figure>
  );
}

/** Cells beyond which their numbers have no room. */
const mostWithNumbers = 15;

function optionOf({ columns, rows, cells }: HeatMapData, metric: string, x: string, y: string): EChartsOption {
  const { ink, faintInk, shades, shadeInk, paper } = chartTheme.value;
  const filled = cells.flatMap((row, i) => row.flatMap((cell, j) => (cell ? [{ i, j, cell }] : [])));
  const means = filled.map(({ cell }) => cell.mean);
  const [min, max] = means.length > 0 ? [Math.min(...means), Math.max(...means)] : [0, 1];
  const axis = (name: string, values: readonly unknown[]) => ({
    type: 'category' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: 34,
    nameTextStyle: { color: ink, fontSize: 13 },
    data: values.map(showValue),
    axisLabel: { color: faintInk, fontSize: 12 },
    axisLine: { show: false },
    axisTick: { show: false },
  });
  return {
    grid: { left: 20, right: 110, top: 12, bottom: 20, outerBoundsMode: 'same' },
    xAxis: axis(x, columns),
    yAxis: { ...axis(y, rows), nameGap: 60, inverse: true },
    tooltip: {
      ...tooltip(),
      formatter: (given) => {
        const { value } = given as { value?: unknown };
        const [j = 0, i = 0] = Array.isArray(value) ? (value as number[]) : [];
        const cell = cells[i]?.[j];
        return cell
          ? `${y} ${showValue(rows[i])} · ${x} ${showValue(columns[j])}\n${formatMetric(metric, cell.mean)}, mean of ${cell.n} runs`
          : '';
      },
    },
    visualMap: {
      type: 'continuous',
      dimension: 2,
      min,
      max: max > min ? max : min + 1,
      inRange: { color: [...shades] },
      right: 8,
      top: 'middle',
      itemHeight: 120,
      text: [formatMetric(metric, max), formatMetric(metric, min)],
      textStyle: { color: faintInk, fontSize: 12 },
    },
    series: [
      {
        type: 'heatmap',
        data: filled.map(({ i, j, cell }) => ({
          value: [j, i, cell.mean],
          label: { color: cell.mean > min + 0.55 * (max - min) ? shadeInk : ink },
        })),
        label: {
          show: columns.length <= mostWithNumbers,
          fontSize: 13,
          formatter: ({ value }) => formatMetric(metric, (value as number[])[2] as number),
        },
        itemStyle: { borderColor: paper, borderWidth: 2 },
      },
    ],
  };
}

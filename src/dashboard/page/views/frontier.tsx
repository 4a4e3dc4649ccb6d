import type { EChartsOption } from 'echarts';
import type { NumberTable } from '../../../report/comparisonNumbers.ts';
import { costMetric, formatDifference, formatSummary, metricTitle } from '../../../report/metrics.ts';
import { gainShown, isDrawnAsItIs, tradeOffAxis } from '../../../report/tradeOff.ts';
import { variedAxes as axesByLook, tradeOffChart } from '../../../report/tradeOffChart.ts';
import { showValue } from '../../../sweep/labels.ts';
import { Figure } from '../components/figure.tsx';
import { Select } from '../components/select.tsx';
import { tooltip } from '../components/tooltip.ts';
import { useLater } from '../components/useLater.ts';
import { type FrontierPoint, frontier, measured, originOf } from '../model/frontier.ts';
import type { Point, SweepModel } from '../model/sweep.ts';
import { param } from '../state.ts';
import { sweep, variedAxes, visiblePoints } from '../store.ts';
import { chartTheme } from '../theme.ts';

const xParam = param('x', costMetric);
const yParam = param('y');
const colourParam = param('colour');

/** Where there is no room for the legend beside the chart it stands above. */
const narrow = {
  query: { maxWidth: 640 },
  option: { legend: { orient: 'horizontal' as const, left: 0, top: 0 }, grid: { right: 16, top: 56 } },
};
const wide = {
  option: { legend: { orient: 'vertical' as const, left: '77%', top: 16 }, grid: { right: '25%', top: 16 } },
};

/** What each setting gained over what it cost. */
export function Frontier() {
  const model = sweep.value;
  const x = xParam.value;
  const y = yParam.value || gainShown(model?.head.columns ?? []);
  const option = useLater(
    () => (model ? drawingOf(model, visiblePoints.value, x, y, colourParam.value) : {}),
    [model, visiblePoints.value, x, y, colourParam.value, chartTheme.value],
  );
  if (!model) return null;
  const { colour } = axesByLook(variedAxes.value, visiblePoints.value, colourParam.value);
  const options = model.metrics.map((metric) => ({ value: metric, title: metricTitle(metric) }));
  return (
    <Figure
      title="The frontier"
      note="★: nothing is better in both. Whiskers: 95 % t interval over seeds. Drifts and scores of trained heads are shown as they are, other measures as the gain over the original encoder, paired by seed."
      option={option ?? {}}
      height={430}
      numbers={() => numbers(model, visiblePoints.value, x, y)}
    >
      <Select label="Gain" value={y} options={options} onChange={(value) => yParam.set(value)} />
      <Select label="Cost" value={x} options={options} onChange={(value) => xParam.set(value)} />
      {variedAxes.value.length > 1 && (
        <Select
          label="Colour"
          value={colour ?? ''}
          options={variedAxes.value.map((path) => ({ value: path, title: model.axisNames.get(path) ?? path }))}
          onChange={(value) => colourParam.set(value)}
        />
      )}
    </Figure>
  );
}

function drawingOf(model: SweepModel, points: readonly Point[], x: string, y: string, chosen: string): EChartsOption {
  const drawn = frontier(model, points, x, y);
  return {
    ...tradeOffChart(
      {
        axes: variedAxes.value,
        points: drawn,
        ...(chosen !== '' && { colourAxis: chosen }),
        x: tradeOffAxis(x),
        y: tradeOffAxis(y),
        origin: originOf(model, x, y),
      },
      chartTheme.value,
    ),
    tooltip: { ...tooltip(), formatter: (given) => tooltipText(model, drawn, x, y, given) },
    media: [narrow, wide],
  };
}

function tooltipText(model: SweepModel, drawn: readonly FrontierPoint[], x: string, y: string, given: unknown): string {
  const { value } = given as { value?: unknown };
  const [cost, gain] = Array.isArray(value) ? value : [];
  const found = drawn.find(({ place }) => place?.x.mean === cost && place?.y.mean === gain);
  if (!found) return '';
  const { point } = found;
  const text = (metric: string) => {
    const figures = measured(model, point, metric);
    if (!figures) return '';
    const shown = isDrawnAsItIs(metric) ? formatSummary(metric, figures) : formatDifference(metric, figures);
    return `${metricTitle(metric)}: ${shown}`;
  };
  return [point.label, text(y), text(x), `${point.counted.length} seeds`].join('\n');
}

function numbers(model: SweepModel, points: readonly Point[], x: string, y: string): NumberTable {
  const figures = (point: Point, metric: string) => {
    const found = measured(model, point, metric);
    return [found?.mean ?? null, found?.halfWidth ?? null];
  };
  return {
    columns: [...variedAxes.value.map((path) => model.axisNames.get(path) ?? path), 'n', x, `${x} ±`, y, `${y} ±`],
    rows: points.map((point) => [
      ...variedAxes.value.map((path) => showValue(point.axes[path])),
      point.counted.length,
      ...figures(point, x),
      ...figures(point, y),
    ]),
  };
}

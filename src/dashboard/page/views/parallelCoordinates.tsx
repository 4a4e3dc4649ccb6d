import type { EChartsOption } from 'echarts';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { ChartEvents, ChartProps } from '../components/chart.tsx';
import { Figure } from '../components/figure.tsx';
import type { Coordinate } from '../model/brush.ts';
import type { Point } from '../model/sweep.ts';
import { brushes, coordinates, sweep } from '../store.ts';
import { chartTheme } from '../theme.ts';

/** Every setting as a line over parameters and measures. What is brushed on an axis is what all views show. */
export function ParallelCoordinates() {
  const model = sweep.value;
  const chart = useRef<DrawnChart | undefined>(undefined);
  const axes = coordinates.value;
  const points = useMemo(
    () =>
      (model?.points ?? []).filter(
        (point) => point.kind === 'retrofit' && axes.every((axis) => axis.position(point) !== undefined),
      ),
    [model, axes],
  );
  // Drawing it anew would end a brush stroke.
  const option = useMemo(() => optionOf(axes, points), [axes, points, chartTheme.value]);
  // Also what was removed elsewhere.
  useEffect(() => {
    if (chart.current && !chart.current.isDisposed()) draw(chart.current, axes);
  }, [brushes.value, axes]);
  if (!model) return null;
  const events: ChartEvents = {
    axisareaselected: (event) => {
      const { parallelAxisId, intervals } = event as BrushEvent;
      const next = Object.fromEntries(
        Object.entries({ ...brushes.peek(), [parallelAxisId]: intervals }).filter(([, own]) => own.length > 0),
      );
      // Drawing a brush tells of it too.
      if (JSON.stringify(next) !== JSON.stringify(brushes.peek())) brushes.set(next);
    },
  };
  return (
    <Figure
      title="Parallel coordinates"
      note="Drag along an axis to keep what lies there, in all views; a click on the axis frees it. Means over seeds."
      option={option}
      height={380}
      events={events}
      onDrawn={(own) => {
        chart.current = own;
        draw(own, axes);
      }}
      numbers={() => ({
        columns: axes.map(({ title }) => title),
        rows: points.map((point) =>
          axes.map(({ categories, position }) => {
            const place = position(point) ?? null;
            return categories && place !== null ? (categories[place] ?? null) : place;
          }),
        ),
      })}
    />
  );
}

type DrawnChart = Parameters<NonNullable<ChartProps['onDrawn']>>[0];

function draw(chart: DrawnChart, axes: readonly Coordinate[]): void {
  const drawn = brushes.peek();
  for (const { name } of axes) {
    chart.dispatchAction({ type: 'axisAreaSelect', parallelAxisId: name, intervals: drawn[name] ?? [] });
  }
}

interface BrushEvent {
  readonly parallelAxisId: string;
  readonly intervals: readonly (readonly [number, number])[];
}

function optionOf(axes: readonly Coordinate[], points: readonly Point[]): EChartsOption {
  const { ink, faintInk, axis, ramp } = chartTheme.value;
  const last = axes.length - 1;
  const values = [0, ...points.map((point) => axes[last]?.position(point) ?? 0)].slice(points.length > 0 ? 1 : 0);
  return {
    parallel: {
      left: 60,
      right: 80,
      top: 50,
      bottom: 24,
      // What is above must not move the chart away below a stroke that is not at its end.
      parallelAxisDefault: { realtime: false },
    },
    parallelAxis: axes.map(({ name, title, categories }, dim) => ({
      id: name,
      dim,
      name: title,
      nameTextStyle: { color: ink, fontSize: 12 },
      axisLine: { lineStyle: { color: axis } },
      axisLabel: { color: faintInk, fontSize: 11 },
      ...(categories ? { type: 'category' as const, data: [...categories] } : { type: 'value' as const, scale: true }),
    })),
    visualMap: {
      show: false,
      dimension: last,
      min: Math.min(...values),
      max: Math.max(...values),
      inRange: { color: [...ramp] },
    },
    series: [
      {
        type: 'parallel',
        data: points.map((point) => axes.map(({ position }) => position(point) as number)),
        lineStyle: { width: points.length > 300 ? 0.75 : 1.5, opacity: points.length > 300 ? 0.35 : 0.7 },
        inactiveOpacity: 0.04,
        // As in every chart; this kind has a default of its own.
        progressive: 0,
        smooth: false,
      },
    ],
  };
}

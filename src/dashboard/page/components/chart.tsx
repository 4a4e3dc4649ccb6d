import type { EChartsOption } from 'echarts';
import { BarChart, CustomChart, HeatmapChart, LineChart, ParallelChart, ScatterChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  ParallelComponent,
  TitleComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { CanvasRenderer, SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'preact/hooks';
import { chartTheme } from '../theme.ts';

echarts.use([
  BarChart,
  CustomChart,
  HeatmapChart,
  LineChart,
  ParallelChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  ParallelComponent,
  TitleComponent,
  TooltipComponent,
  VisualMapComponent,
  LabelLayout,
  CanvasRenderer,
  SVGRenderer,
]);

const fontFamily = 'system-ui, sans-serif';

/** By the names of ECharts' events. */
export type ChartEvents = Readonly<Record<string, (event: unknown, chart: echarts.ECharts) => void>>;

export interface ChartProps {
  readonly option: EChartsOption;
  /** Pixels. */
  readonly height: number;
  /** What a screen reader says of it. */
  readonly label: string;
  readonly events?: ChartEvents;
  /** What is done to it whenever it has been drawn anew. */
  readonly onDrawn?: (chart: echarts.ECharts) => void;
}

/** A chart by ECharts. */
export function Chart({ option, height, label, events = {}, onDrawn }: ChartProps) {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts | undefined>(undefined);
  const drawn = useRef('');
  const handlers = useRef(events);
  handlers.current = events;
  useEffect(() => {
    const observer = new ResizeObserver(() => chart.current?.resize());
    if (element.current) observer.observe(element.current);
    return () => {
      observer.disconnect();
      chart.current?.dispose();
    };
  }, []);
  useEffect(() => {
    // The rest of the page answers first; a chart of thousands of marks takes longer than a keystroke.
    const timer = setTimeout(() => {
      // A sweep at work brings a new option each second: one that draws the same must not end what somebody does with it.
      const drawing = JSON.stringify(option);
      if (drawing === drawn.current) return;
      drawn.current = drawing;
      chart.current ??= begun(element.current, handlers);
      chart.current.setOption(withDefaults(option), { notMerge: true });
      onDrawn?.(chart.current);
    });
    return () => clearTimeout(timer);
  }, [option, chartTheme.value]);
  return <div ref={element} class="chart" role="img" aria-label={label} style={{ height: `${height}px` }} />;
}

function begun(element: HTMLDivElement | null, handlers: { readonly current: ChartEvents }): echarts.ECharts {
  const chart = echarts.init(element, null, { renderer: 'canvas' });
  for (const name of Object.keys(handlers.current)) {
    chart.on(name, (event) => handlers.current[name]?.(event, chart));
  }
  return chart;
}

function withDefaults(option: EChartsOption): EChartsOption {
  // Painted in several frames, a chart that is disposed of in between throws (zrender 6.1).
  const atOnce = { progressive: 0 };
  return { animation: false, textStyle: { fontFamily }, ...atOnce, ...option };
}

/** The chart as an SVG document of its own. */
export function chartSvg(option: EChartsOption, width: number, height: number): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ ...withDefaults(option), backgroundColor: chartTheme.value.paper });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** The chart as a picture with twice as many pixels. */
export function chartPng(option: EChartsOption, width: number, height: number): string {
  const canvas = document.createElement('div');
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px`, position: 'fixed', left: '-9999px' });
  document.body.append(canvas);
  const chart = echarts.init(canvas, null, { renderer: 'canvas', width, height });
  try {
    chart.setOption(withDefaults(option));
    return chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: chartTheme.value.paper });
  } finally {
    chart.dispose();
    canvas.remove();
  }
}

import type {
  CustomSeriesOption,
  EChartsOption,
  LineSeriesOption,
  MarkLineComponentOption,
  ScatterSeriesOption,
  XAXisComponentOption,
} from 'echarts';
import { measureOf } from '../evaluation/measures.ts';
import type { IntervalMethod, Summary } from '../evaluation/statistics.ts';
import { shortNames, showValue } from '../sweep/labels.ts';
import type { Comparison, PointRow } from './comparison.ts';
import { costMetric, gainMetric, metricTitle } from './metrics.ts';

/** A grid point with its place in the picture. */
interface ShownPoint {
  readonly point: PointRow;
  readonly cost: Range;
  readonly gain: Range;
}

/** A mean and its 95 % interval, which is the mean alone if there is none. */
interface Range {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * What each grid point gained over how far the encoder moved for it. A colour stands for a value of the first axis that
 * has 2 to 10, if another has several too; the points are labelled with their values on the other axes. Points of which
 * nothing is finished are left out.
 */
export function tradeOffChart(comparison: Comparison): EChartsOption {
  const metric = gainShown(comparison.columns);
  const shown = comparison.points.flatMap((point) => place(point, metric));
  const { colourAxis, labelAxes } = axesShown(comparison);
  const names = shortNames(comparison.axes);
  const xAxis = costAxis(shown.map(({ cost }) => cost));
  const groups = groupsOf(comparison.points, colourAxis).map(({ key, ...group }) => ({
    ...group,
    members: shown.filter(({ point }) => keyOn(point, colourAxis) === key),
  }));
  const fronts = metric === gainMetric ? frontsOf(shown) : [];
  const nameOf = (value: unknown) =>
    colourAxis === undefined ? 'grid points' : `${names.get(colourAxis)} ${showValue(value)}`;
  return {
    title: {
      text: comparison.experiment,
      subtext: subtitle(
        comparison,
        shown,
        labelAxes.map((path) => names.get(path) ?? path),
      ),
      left: 20,
      top: 12,
      itemGap: 4,
      textStyle: { fontSize: 18, color: ink },
      subtextStyle: { fontSize: 12, color: faintInk },
    },
    legend: {
      orient: 'vertical',
      left: '77%',
      top: 76,
      align: 'left',
      formatter: wrapped,
      textStyle: { fontSize: 12, color: ink },
      data: [
        ...(colourAxis === undefined
          ? []
          : groups.filter(({ members }) => members.length > 0).map(({ value }) => nameOf(value))),
        ...(fronts.length > 0 ? [{ name: frontName, icon: starShape }] : []),
      ],
    },
    grid: { left: plotLeft, right: '25%', top: 76, bottom: 60 },
    xAxis,
    yAxis: {
      type: 'value',
      boundaryGap: ['2%', '2%'],
      name: `gain in ${gainName(metric)} (more is better →)`,
      nameLocation: 'middle',
      nameGap: 46,
      ...axisStyle,
    },
    series: [
      ...groups.map(({ value, ...group }) => pointSeries({ name: nameOf(value), ...group }, fronts, labelAxes)),
      ...fronts.map(frontLine),
      intervalBars(
        groups.flatMap(({ members, colour }) => members.map((member) => ({ member, colour }))),
        xAxis.min,
      ),
    ],
  };
}

const ink = '#333333';
const faintInk = '#666666';
const axisStyle = {
  nameTextStyle: { fontSize: 13, color: ink },
  axisLine: { show: true, lineStyle: { color: '#999999' } },
  axisLabel: { fontSize: 12, color: faintInk },
  splitLine: { lineStyle: { color: '#eeeeee' } },
};
/** Pixels from the left edge to the y axis. */
const plotLeft = 76;
const frontName = 'Pareto front';

/** Dark blue to orange, the plasma colour map without its light end: ordered, and told apart by the colour-blind. */
const ramp = [
  '#0d0887',
  '#3a049a',
  '#5c01a6',
  '#7e03a8',
  '#9c179e',
  '#b52f8c',
  '#cc4778',
  '#de5f65',
  '#ed7953',
  '#fb9f3a',
] as const;

/** Macro F1 unless the experiment shows other metrics; then the first of them of which more is better. */
function gainShown(columns: readonly string[]): string {
  if (columns.includes(gainMetric)) return gainMetric;
  return columns.find((metric) => measureOf(metric)?.direction === 'higher') ?? gainMetric;
}

function isPercentage(metric: string): boolean {
  return measureOf(metric)?.title.endsWith('%') ?? false;
}

function gainName(metric: string): string {
  const name = metricTitle(metric).replace(/ %$/, '');
  return isPercentage(metric) ? `${name}, points` : name;
}

function place(point: PointRow, metric: string): ShownPoint[] {
  const cost = point.metrics[costMetric];
  const gain = point.differences[metric];
  if (!cost || !gain) return [];
  return [{ point, cost: rangeOf(cost, 1), gain: rangeOf(gain, isPercentage(metric) ? 100 : 1) }];
}

function rangeOf({ mean, halfWidth, bootstrap }: Summary, factor: number): Range {
  const { low, high } = bootstrap ?? { low: mean - (halfWidth ?? 0), high: mean + (halfWidth ?? 0) };
  return { mean: factor * mean, low: factor * low, high: factor * high };
}

/** The axis that is told by colours and those that are told by labels; an axis with one value says nothing. */
function axesShown({ axes, points }: Comparison): {
  readonly colourAxis: string | undefined;
  readonly labelAxes: readonly string[];
} {
  const sizes = new Map(axes.map((path) => [path, new Set(points.map((point) => keyOn(point, path))).size]));
  const varied = axes.filter((path) => (sizes.get(path) ?? 0) > 1);
  const colourAxis = varied.length < 2 ? undefined : varied.find((path) => (sizes.get(path) ?? 0) <= ramp.length);
  return { colourAxis, labelAxes: varied.filter((path) => path !== colourAxis) };
}

function keyOn({ axes }: PointRow, path: string | undefined): string | undefined {
  return path === undefined ? undefined : JSON.stringify(axes[path]);
}

/** The values of an axis with their colours, numbers in ascending order. */
function groupsOf(
  points: readonly PointRow[],
  path: string | undefined,
): { readonly key: string | undefined; readonly value: unknown; readonly colour: string }[] {
  const values = new Map(
    points.map((point) => [keyOn(point, path), path === undefined ? undefined : point.axes[path]]),
  );
  const entries = [...values];
  if (entries.every(([, value]) => typeof value === 'number')) entries.sort(([, a], [, b]) => Number(a) - Number(b));
  const step = (ramp.length - 1) / Math.max(1, entries.length - 1);
  return entries.map(([key, value], i) => ({ key, value, colour: ramp[Math.round(i * step)] ?? ramp[0] }));
}

/** On lines of about 22 characters, which the legend has room for. */
function wrapped(text: string): string {
  return text.replace(/(.{1,22})( |$)/g, '$1\n').trimEnd();
}

function subtitle({ points, interval }: Comparison, shown: readonly ShownPoint[], labels: readonly string[]): string {
  const seeds = shown.map(({ point }) => point.cells.length);
  const most = Math.max(0, ...seeds);
  const upTo = seeds.some((count) => count < most) ? 'up to ' : '';
  const left = points.length - shown.length;
  return [
    ...(shown.length === 0 ? ['nothing is finished yet'] : []),
    ...(most === 1 ? ['one seed: no interval'] : []),
    ...(most > 1 ? [`mean and ${intervalNames[interval]} over ${upTo}${most} seeds`] : []),
    ...(labels.length > 0 ? [`labels: ${labels.join(' · ')}`] : []),
    ...(shown.length > 0 && left > 0 ? [`${left} of ${points.length} points without result`] : []),
  ].join('   |   ');
}

const intervalNames: Readonly<Record<IntervalMethod, string>> = {
  t: '95 % t-interval',
  bootstrap: '95 % bootstrap interval',
};

/** Logarithmic where the means are positive and span more than a decade; otherwise from 0, which is untouched. */
function costAxis(costs: readonly Range[]): XAXisComponentOption & { readonly min: number } {
  const means = costs.map(({ mean }) => mean);
  const [least, greatest] = [Math.min(...means), Math.max(...means)];
  const style = {
    ...axisStyle,
    name: 'Δemb: how far the encoder moved (← less is better)',
    nameLocation: 'middle',
    nameGap: 34,
  } as const;
  const axisLabel = { ...axisStyle.axisLabel, formatter: showCost };
  if (!(least > 0 && greatest > 10 * least)) {
    return { ...style, type: 'value', min: 0, boundaryGap: [0, '5%'], axisLabel };
  }
  // An interval may reach below 0, where a logarithmic axis does not go.
  const low = Math.max(least / 2, Math.min(...costs.map((cost) => cost.low)));
  const steps = logSteps(low, Math.max(...costs.map((cost) => cost.high)));
  const customValues = steps.length > 9 ? steps.filter(isPowerOfTen) : steps;
  return {
    ...style,
    type: 'log',
    min: steps[0] as number,
    max: steps.at(-1) as number,
    axisLabel: { ...axisLabel, customValues },
    axisTick: { customValues },
  };
}

/** The numbers 1, 2 and 5 times a power of ten from the last that is not above `low` to the first not below `high`. */
function logSteps(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const steps = Array.from({ length: last - first + 1 }, (_, i) => first + i).flatMap((power) =>
    [1, 2, 5].map((digit) => Number(`${digit}e${power}`)),
  );
  return steps.slice(
    steps.findLastIndex((step) => step <= low),
    steps.findIndex((step) => step >= high) + 1,
  );
}

function isPowerOfTen(value: number): boolean {
  return value.toExponential().startsWith('1e');
}

function showCost(value: number): string {
  return value !== 0 && value < 1e-3 ? value.toExponential() : String(value);
}

const zeroLine: MarkLineComponentOption = {
  silent: true,
  symbol: 'none',
  lineStyle: { color: '#555555', type: 'solid', width: 1.5 },
  label: { formatter: 'original encoder', position: 'insideEndTop', fontSize: 12, color: ink },
  data: [{ yAxis: 0 }],
};

/** The Pareto optimal points of each original encoder by rising cost: drifts of different encoders cannot be compared. */
function frontsOf(shown: readonly ShownPoint[]): ShownPoint[][] {
  const optimal = shown.filter(({ point }) => point.paretoOptimal).sort((a, b) => a.cost.mean - b.cost.mean);
  const originals = [...new Set(optimal.map(({ point }) => point.original))];
  return originals.map((original) => optimal.filter(({ point }) => point.original === original));
}

function frontLine(front: readonly ShownPoint[]): LineSeriesOption {
  return {
    type: 'line',
    name: frontName,
    data: front.map(({ cost, gain }) => [cost.mean, gain.mean]),
    symbol: 'none',
    lineStyle: { color: '#777777', width: 1.5, type: 'dashed' },
    itemStyle: { color: '#777777' },
    z: 2,
  };
}

const starShape = 'path://M50 0L61.8 33.8L97.6 34.5L69 56.2L79.4 90.5L50 70L20.6 90.5L31 56.2L2.4 34.5L38.2 33.8Z';

function pointSeries(
  {
    name,
    colour,
    members,
  }: { readonly name: string; readonly colour: string; readonly members: readonly ShownPoint[] },
  fronts: readonly (readonly ShownPoint[])[],
  labelAxes: readonly string[],
): ScatterSeriesOption {
  const optimal = new Set(fronts.flat());
  return {
    type: 'scatter',
    name,
    data: members.map((member) => ({
      name: labelAxes
        .filter((path) => path in member.point.axes)
        .map((path) => showValue(member.point.axes[path]))
        .join(' · '),
      value: [member.cost.mean, member.gain.mean],
      ...(optimal.has(member) && { symbol: starShape, symbolSize: 18 }),
    })),
    symbolSize: 10,
    itemStyle: { color: colour, opacity: 1, borderColor: '#ffffff', borderWidth: 1 },
    label: {
      show: labelAxes.length > 0,
      formatter: '{b}',
      // Up and to the left, where no Pareto front runs.
      position: ['5%', '15%'],
      align: 'right',
      verticalAlign: 'bottom',
      fontSize: 12,
      color: ink,
      textBorderColor: '#ffffff',
      textBorderWidth: 2,
    },
    labelLayout: ({ labelRect }) => ({ hideOverlap: true, dx: Math.max(0, plotLeft + 2 - labelRect.x) }),
    z: 4,
  };
}

/** Thin lines over the intervals of cost and gain, the cost's not below the axis's least value. */
function intervalBars(
  points: readonly { readonly member: ShownPoint; readonly colour: string }[],
  least: number,
): CustomSeriesOption {
  return {
    type: 'custom',
    dimensions: ['cost', 'gain', 'costLow', 'costHigh', 'gainLow', 'gainHigh'],
    encode: { x: ['cost', 'costLow', 'costHigh'], y: ['gain', 'gainLow', 'gainHigh'] },
    data: points.map(({ member: { cost, gain }, colour }) => ({
      value: [cost.mean, gain.mean, Math.max(least, cost.low), cost.high, gain.low, gain.high],
      itemStyle: { color: colour },
    })),
    renderItem: (_, api) => {
      const [cost, gain, costLow, costHigh, gainLow, gainHigh] = [0, 1, 2, 3, 4, 5].map((i) => Number(api.value(i)));
      const line = (from: (number | undefined)[], to: (number | undefined)[]) => {
        const [[x1 = 0, y1 = 0], [x2 = 0, y2 = 0]] = [api.coord(from as number[]), api.coord(to as number[])];
        return {
          type: 'line' as const,
          shape: { x1, y1, x2, y2 },
          style: { stroke: String(api.visual('color')), lineWidth: 1.25, opacity: points.length > 20 ? 0.25 : 0.6 },
        };
      };
      return {
        type: 'group',
        children: [line([costLow, gain], [costHigh, gain]), line([cost, gainLow], [cost, gainHigh])],
      };
    },
    silent: true,
    markLine: zeroLine,
    z: 3,
  };
}

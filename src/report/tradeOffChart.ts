import type {
  CustomSeriesOption,
  EChartsOption,
  LineSeriesOption,
  MarkLineComponentOption,
  ScatterSeriesOption,
  XAXisComponentOption,
} from 'echarts';
import { shortNames, showValue } from '../sweep/labels.ts';
import { type ChartTheme, type ChartTitle, chartTitle, lightTheme } from './chartTheme.ts';

/** A mean and its 95 % interval, which is the mean alone if there is none. */
export interface Range {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** A grid point. */
export interface TradeOffPoint {
  readonly axes: Readonly<Record<string, unknown>>;
  /** Id of the untouched encoder that it is compared with. */
  readonly original: string | null;
  /** Undefined: there is no result to be drawn, but its values on the axes have their colours. */
  readonly place?: { readonly x: Range; readonly y: Range };
  /** Whether it is on the Pareto front. */
  readonly isOptimal: boolean;
}

export interface TradeOffAxis {
  readonly name: string;
  /** Of two values, which one is to be preferred. */
  readonly better?: 'higher' | 'lower';
}

/** What grid points gained, on the y axis, over what they cost. */
export interface TradeOff {
  /** None where it stands above the chart. */
  readonly title?: ChartTitle;
  /** Dotted paths of the swept settings. */
  readonly axes: readonly string[];
  readonly points: readonly TradeOffPoint[];
  /** The one that is told by colours. Default: the first with 2 to 10 values, if another has several too. */
  readonly colourAxis?: string;
  readonly x: TradeOffAxis;
  readonly y: TradeOffAxis;
  /** Where the untouched encoder lies, in the units of the axes; null where it has no such measures. */
  readonly origin: { readonly x: number; readonly y: number } | null;
}

interface DrawnPoint extends TradeOffPoint {
  readonly place: NonNullable<TradeOffPoint['place']>;
}

/**
 * A colour stands for a value of one axis; the points are labelled with their values on the others, and if that is a single
 * one, a thin line goes through them in its order. Of more points than {@link mostInFull} only those on the front have
 * labels and intervals.
 */
export function tradeOffChart(tradeOff: TradeOff, theme: ChartTheme = lightTheme): EChartsOption {
  const { axes, points } = tradeOff;
  const drawn = points.filter((point): point is DrawnPoint => point.place !== undefined);
  const { colour: colourAxis, labels } = variedAxes(axes, points, tradeOff.colourAxis);
  const names = shortNames(axes);
  const style = styles(theme, tradeOff.origin);
  const xAxis = costAxis(
    tradeOff.x,
    drawn.map(({ place }) => place.x),
    style.axis,
  );
  const groups = groupsOf(points, colourAxis, theme).map(({ key, ...group }) => ({
    ...group,
    members: drawn.filter((point) => keyOn(point, colourAxis) === key),
  }));
  const fronts = frontsOf(drawn);
  const isCrowded = drawn.length > mostInFull;
  const nameOf = (value: unknown) =>
    colourAxis === undefined ? 'grid points' : `${names.get(colourAxis)} ${showValue(value)}`;
  const [labelAxis] = labels.length === 1 ? labels : [];
  const top = tradeOff.title ? 76 : 16;
  return {
    ...(tradeOff.title && { title: chartTitle(tradeOff.title, theme) }),
    legend: {
      type: 'scroll',
      pageTextStyle: { color: theme.ink },
      orient: 'vertical',
      left: '77%',
      top,
      align: 'left',
      formatter: wrapped,
      textStyle: { fontSize: 12, color: theme.ink },
      data: [
        ...(colourAxis === undefined
          ? []
          : groups.filter(({ members }) => members.length > 0).map(({ value }) => nameOf(value))),
        ...(fronts.length > 0 ? [{ name: frontName, icon: starShape }] : []),
      ],
    },
    grid: { left: plotLeft, right: '25%', top, bottom: 60 },
    xAxis,
    yAxis: {
      type: 'value',
      boundaryGap: ['2%', '2%'],
      name: axisTitle(tradeOff.y),
      nameLocation: 'middle',
      nameGap: 46,
      ...style.axis,
    },
    series: [
      ...groups.map(({ value, ...group }) =>
        pointSeries({ name: nameOf(value), ...group }, { fronts, labels, isCrowded, theme }),
      ),
      ...(labelAxis === undefined
        ? []
        : groups.map((group) => pathLine({ name: nameOf(group.value), ...group }, labelAxis))),
      ...fronts.map((front) => frontLine(front, theme)),
      // A logarithmic axis does not reach it; there the line at its height stands for it.
      ...(xAxis.type === 'value' && tradeOff.origin ? [originMark(tradeOff.origin, theme)] : []),
      intervalBars(
        groups.flatMap(({ members, colour }) =>
          members.filter(({ isOptimal }) => isOptimal || !isCrowded).map((member) => ({ member, colour })),
        ),
        xAxis.min,
        style.zeroLine,
      ),
    ],
  };
}

function styles(theme: ChartTheme, origin: TradeOff['origin']) {
  const zeroLine: MarkLineComponentOption = {
    silent: true,
    symbol: 'none',
    lineStyle: { color: theme.faintInk, type: 'solid', width: 1.5 },
    label: { formatter: 'original encoder', position: 'insideEndTop', fontSize: 12, color: theme.ink },
    data: origin ? [{ yAxis: origin.y }] : [],
  };
  return {
    axis: {
      nameTextStyle: { fontSize: 13, color: theme.ink },
      axisLine: { show: true, lineStyle: { color: theme.axis } },
      axisLabel: { fontSize: 12, color: theme.faintInk },
      splitLine: { lineStyle: { color: theme.grid } },
    },
    zeroLine,
  };
}

/** Pixels from the left edge to the y axis. */
const plotLeft = 76;
const frontName = 'Pareto front';
/** Points that have room for their labels and intervals. */
const mostInFull = 60;
/** Values of an axis that colours tell apart. */
const mostColours = 10;

/** The axis that is told by colours and those that are told by labels; an axis with one value says nothing. */
export function variedAxes(
  axes: readonly string[],
  points: readonly Pick<TradeOffPoint, 'axes'>[],
  chosen?: string,
): { readonly colour: string | undefined; readonly labels: readonly string[] } {
  const sizes = new Map(axes.map((path) => [path, new Set(points.map((point) => keyOn(point, path))).size]));
  const varied = axes.filter((path) => (sizes.get(path) ?? 0) > 1);
  const found = varied.length < 2 ? undefined : varied.find((path) => (sizes.get(path) ?? 0) <= mostColours);
  const colour = varied.find((path) => path === chosen) ?? found;
  return { colour, labels: varied.filter((path) => path !== colour) };
}

function keyOn({ axes }: Pick<TradeOffPoint, 'axes'>, path: string | undefined): string | undefined {
  return path === undefined ? undefined : JSON.stringify(axes[path]);
}

/** The values of an axis with their colours, numbers in ascending order. */
function groupsOf(
  points: readonly TradeOffPoint[],
  path: string | undefined,
  { ramp }: ChartTheme,
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

/** With an arrow to where it is better. */
function axisTitle({ name, better }: TradeOffAxis): string {
  return `${name}${{ higher: ' (more is better →)', lower: ' (← less is better)', none: '' }[better ?? 'none']}`;
}

/** Logarithmic where the means are positive and span more than a decade; otherwise from 0, which is untouched. */
function costAxis(
  axis: TradeOffAxis,
  costs: readonly Range[],
  axisStyle: ReturnType<typeof styles>['axis'],
): XAXisComponentOption & { readonly min: number } {
  const means = costs.map(({ mean }) => mean);
  const [least, greatest] = [Math.min(...means), Math.max(...means)];
  const style = {
    ...axisStyle,
    name: axisTitle(axis),
    nameLocation: 'middle',
    nameGap: 34,
  } as const;
  const axisLabel = { ...axisStyle.axisLabel, formatter: showCost };
  if (!(least > 0 && greatest > 10 * least)) {
    const min = Math.min(0, ...costs.map(({ low }) => low));
    return { ...style, type: 'value', min, boundaryGap: [0, '5%'], axisLabel };
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
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}

/** The Pareto optimal points of each original encoder by rising cost: drifts of different encoders cannot be compared. */
function frontsOf(drawn: readonly DrawnPoint[]): DrawnPoint[][] {
  const optimal = drawn.filter(({ isOptimal }) => isOptimal).sort((a, b) => a.place.x.mean - b.place.x.mean);
  const originals = [...new Set(optimal.map(({ original }) => original))];
  return originals.map((original) => optimal.filter((point) => point.original === original));
}

function frontLine(front: readonly DrawnPoint[], { line }: ChartTheme): LineSeriesOption {
  return {
    type: 'line',
    name: frontName,
    data: front.map(({ place }) => [place.x.mean, place.y.mean]),
    symbol: 'none',
    lineStyle: { color: line, width: 1.5, type: 'dashed' },
    itemStyle: { color: line },
    z: 2,
  };
}

interface DrawnGroup {
  readonly name: string;
  readonly colour: string;
  readonly members: readonly DrawnPoint[];
}

function originMark({ x, y }: NonNullable<TradeOff['origin']>, { ink, paper }: ChartTheme): ScatterSeriesOption {
  return {
    type: 'scatter',
    name: 'original encoder',
    data: [[x, y]],
    symbol: 'diamond',
    symbolSize: 14,
    itemStyle: { color: ink, borderColor: paper, borderWidth: 1 },
    silent: true,
    z: 4,
  };
}

/** Through the points of a colour in the order of the axis that tells them apart. */
function pathLine({ name, colour, members }: DrawnGroup, axis: string): LineSeriesOption {
  const isNumeric = members.every(({ axes }) => typeof axes[axis] === 'number');
  const ordered = isNumeric ? members.toSorted((a, b) => Number(a.axes[axis]) - Number(b.axes[axis])) : [];
  return {
    type: 'line',
    name,
    data: ordered.map(({ place }) => [place.x.mean, place.y.mean]),
    symbol: 'none',
    silent: true,
    lineStyle: { color: colour, width: 1.25, opacity: 0.45 },
    itemStyle: { color: colour },
    tooltip: { show: false },
    z: 1,
  };
}

const starShape = 'path://M50 0L61.8 33.8L97.6 34.5L69 56.2L79.4 90.5L50 70L20.6 90.5L31 56.2L2.4 34.5L38.2 33.8Z';

interface PointStyle {
  readonly fronts: readonly (readonly DrawnPoint[])[];
  readonly labels: readonly string[];
  readonly isCrowded: boolean;
  readonly theme: ChartTheme;
}

function pointSeries(
  { name, colour, members }: DrawnGroup,
  { fronts, labels, isCrowded, theme: { ink, paper } }: PointStyle,
): ScatterSeriesOption {
  const optimal = new Set(fronts.flat());
  return {
    type: 'scatter',
    name,
    data: members.map((member) => ({
      name: labels
        .filter((path) => path in member.axes)
        .map((path) => showValue(member.axes[path]))
        .join(' · '),
      value: [member.place.x.mean, member.place.y.mean],
      ...(optimal.has(member) && {
        symbol: starShape,
        symbolSize: 18,
        itemStyle: { opacity: 1 },
        label: { show: labels.length > 0 },
      }),
    })),
    symbolSize: isCrowded ? 6 : 10,
    itemStyle: { color: colour, opacity: isCrowded ? 0.5 : 1, borderColor: paper, borderWidth: isCrowded ? 0 : 1 },
    label: {
      show: labels.length > 0 && !isCrowded,
      formatter: '{b}',
      // Up and to the left, where no Pareto front runs.
      position: ['5%', '15%'],
      align: 'right',
      verticalAlign: 'bottom',
      fontSize: 12,
      color: ink,
      textBorderColor: paper,
      textBorderWidth: 2,
    },
    ...(!isCrowded && {
      labelLayout: ({ labelRect }) => ({ hideOverlap: true, dx: Math.max(0, plotLeft + 2 - labelRect.x) }),
    }),
    z: 4,
  };
}

/** Thin lines over the intervals of cost and gain, the cost's not below the axis's least value. */
function intervalBars(
  points: readonly { readonly member: DrawnPoint; readonly colour: string }[],
  least: number,
  markLine: MarkLineComponentOption,
): CustomSeriesOption {
  return {
    type: 'custom',
    dimensions: ['cost', 'gain', 'costLow', 'costHigh', 'gainLow', 'gainHigh'],
    encode: { x: ['cost', 'costLow', 'costHigh'], y: ['gain', 'gainLow', 'gainHigh'] },
    data: points.map(({ member: { place }, colour }) => ({
      value: [place.x.mean, place.y.mean, Math.max(least, place.x.low), place.x.high, place.y.low, place.y.high],
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
    markLine,
    z: 3,
  };
}

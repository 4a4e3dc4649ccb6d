import type { CustomSeriesOption, EChartsOption, LineSeriesOption, ScatterSeriesOption } from 'echarts';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isCounted } from '../../../report/overSeeds.ts';
import type { Courses } from '../../wire.ts';
import { Figure } from '../components/figure.tsx';
import { Checkbox, Select } from '../components/select.tsx';
import { tooltip } from '../components/tooltip.ts';
import { type Abscissa, abscissae, type Band, type Curve, curve, meanBand } from '../model/curves.ts';
import type { Point, Run } from '../model/sweep.ts';
import { param } from '../state.ts';
import { experimentName, picked, source, sweep, visible } from '../store.ts';
import { chartTheme } from '../theme.ts';

const metricParam = param('curve', 'train/loss');
const againstParam = param('against', 'step');
const smoothingParam = param('smoothing', '0');
const logParam = param('log', '');
const bandParam = param('mean', 'no');

/** Runs whose courses are drawn at a time. */
const mostRuns = 60;
/** Points of a curve: several for each pixel of a wide screen lie beyond what can be seen. */
const mostDrawn = 1200;

interface DrawnRun {
  readonly run: Run;
  readonly point: Point;
}

/** Any logged metric over the course of runs. */
export function CurvesView() {
  const model = sweep.value;
  const drawn = drawnRuns();
  const wanted = drawn.slice(0, mostRuns);
  const metric = metricParam.value;
  const { courses, problem } = useCourses(metric, wanted);
  const smoothing = Math.min(0.99, Math.max(0, Number(smoothingParam.value) || 0));
  const against = abscissae.find((own) => own === againstParam.value) ?? 'step';
  const isBand = bandParam.value === 'yes';
  const curves = useMemo(() => {
    const options = { against, smoothing, most: mostDrawn };
    return wanted.flatMap(({ run, point }) => {
      const series = courses?.series[run.id];
      return series ? [{ run, point, ...curve(series, options) }] : [];
    });
  }, [courses, against, smoothing, model]);
  const option = useMemo(
    () => optionOf(curves, { metric, against, isBand, log: logParam.value }),
    [curves, metric, against, isBand, logParam.value, chartTheme.value],
  );
  if (!model) return null;
  const metrics = courses?.metrics ?? [];
  return (
    <Figure
      title={metric}
      note={noteOf(drawn.length, curves.length, courses?.isThinned === true, problem)}
      option={option}
      height={460}
      numbers={() => ({
        columns: ['run', 'seed', against, metric],
        rows: curves.flatMap(({ run, point, points }) => points.map(([x, y]) => [point.label, run.seed, x, y])),
      })}
    >
      <Select
        label="Metric"
        value={metric}
        options={metrics.includes(metric) ? metrics : [metric, ...metrics]}
        onChange={(value) => metricParam.set(value)}
      />
      <Select
        label="Against"
        value={against}
        options={[
          { value: 'step', title: 'step' },
          { value: 'epoch', title: 'epoch' },
          { value: 'seconds', title: 'seconds of training' },
        ]}
        onChange={(value) => againstParam.set(value)}
      />
      <Select
        label="Logarithmic"
        value={logParam.value}
        options={[
          { value: '', title: 'neither' },
          { value: 'y', title: 'y' },
          { value: 'x', title: 'x' },
          { value: 'xy', title: 'both' },
        ]}
        onChange={(value) => logParam.set(value)}
      />
      <label class="slider">
        Smoothing {smoothing.toFixed(2)}
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={smoothing}
          onInput={({ currentTarget }) => smoothingParam.set(currentTarget.value)}
        />
      </label>
      <Checkbox label="Mean over seeds" checked={isBand} onChange={(on) => bandParam.set(on ? 'yes' : 'no')} />
    </Figure>
  );
}

/** What is picked, or else all that is visible, as far as it has begun. */
function drawnRuns(): DrawnRun[] {
  const hasCourse = ({ status, kind }: Run) =>
    kind === 'retrofit' && (isCounted(status) || ['running', 'diverged', 'interrupted'].includes(status));
  const all = [...visible.value].flatMap(([point, runs]) => runs.filter(hasCourse).map((run) => ({ run, point })));
  const picks = new Set(picked.value);
  const chosen = all.filter(({ run, point }) => picks.has(run.id) || picks.has(`p${point.id}`));
  return chosen.length > 0 ? chosen : all;
}

interface CoursesState {
  /** What the courses are of. */
  readonly metric?: string;
  readonly courses?: Courses;
  readonly problem?: string;
}

/** Courses of the runs, again when one at work has got on: one request at a time, and the latest one at last. */
function useCourses(metric: string, runs: readonly DrawnRun[]): CoursesState {
  const [state, setState] = useState<CoursesState>({});
  const isAsking = useRef(false);
  const key = `${experimentName.value} ${metric} ${runs.map(({ run }) => `${run.id}${run.progress?.step ?? ''}${run.status}`).join()}`;
  const wanted = { key, metric, runs: runs.map(({ run }) => run.id) };
  const latest = useRef(wanted);
  latest.current = wanted;
  useEffect(() => {
    if (isAsking.current) return;
    const ask = async () => {
      isAsking.current = true;
      let asked = latest.current;
      do {
        asked = latest.current;
        const { metric: own } = asked;
        await source.courses(experimentName.peek(), own, asked.runs).then(
          (courses) => setState({ metric: own, courses }),
          (error) => setState({ metric: own, problem: String(error) }),
        );
      } while (asked.key !== latest.current.key);
      isAsking.current = false;
    };
    void ask();
  }, [key]);
  return state.metric === metric ? state : {};
}

function noteOf(runs: number, curves: number, isThinned: boolean, problem: string | undefined): string {
  if (problem !== undefined) return problem;
  const shown = runs > mostRuns ? `The first ${mostRuns} of ${runs} runs; filter or pick some to see others. ` : '';
  const missing = Math.min(runs, mostRuns) - curves;
  return `${shown}${missing > 0 ? `${missing} runs do not log it. ` : ''}✕: NaN or infinite. Smoothing: debiased exponential moving average${isThinned ? ', of curves of which only extremes are here: fewer runs have all their values' : ''}.`;
}

interface DrawnCurve extends Curve, DrawnRun {}

interface ChartOptions {
  readonly metric: string;
  readonly against: Abscissa;
  readonly isBand: boolean;
  readonly log: string;
}

function optionOf(curves: readonly DrawnCurve[], { metric, against, isBand, log }: ChartOptions): EChartsOption {
  const { ink, faintInk, axis, grid, kinds, ramp } = chartTheme.value;
  const points = [...new Set(curves.map(({ point }) => point))];
  const colourOf = (point: Point) => {
    const place = points.indexOf(point);
    if (points.length <= kinds.length) return kinds[place] ?? kinds[0];
    return ramp[Math.round((place * (ramp.length - 1)) / (points.length - 1))] ?? ramp[0];
  };
  const isLog = (letter: string) => log.includes(letter);
  const axisStyle = {
    nameTextStyle: { color: ink, fontSize: 13 },
    axisLabel: { color: faintInk, fontSize: 12 },
    axisLine: { show: true, lineStyle: { color: axis } },
    splitLine: { lineStyle: { color: grid } },
  };
  const drawable = ([x, y]: readonly [number, number]) => (!isLog('x') || x > 0) && (!isLog('y') || y > 0);
  const ofPoint = (point: Point) => curves.filter((own) => own.point === point);
  const series = points.flatMap((point) =>
    isBand
      ? bandSeries(
          point.label,
          colourOf(point),
          meanBand(ofPoint(point), mostDrawn).filter(({ x }) => !isLog('x') || x > 0),
          isLog('y'),
        )
      : ofPoint(point).map(
          (own): LineSeriesOption => lineSeries(point.label, colourOf(point), own.points.filter(drawable)),
        ),
  );
  return {
    legend: {
      type: 'scroll',
      top: 0,
      textStyle: { color: ink, fontSize: 12 },
      pageTextStyle: { color: ink },
      data: points.map(({ label }) => label),
    },
    grid: { left: 16, right: 24, top: 40, bottom: 30, outerBoundsMode: 'same' },
    xAxis: {
      type: isLog('x') ? 'log' : 'value',
      name: { step: 'step', epoch: 'epoch', seconds: 'seconds of training' }[against],
      nameLocation: 'middle',
      nameGap: 28,
      ...axisStyle,
    },
    yAxis: { type: isLog('y') ? 'log' : 'value', scale: true, name: metric, ...axisStyle },
    tooltip: { ...tooltip(), trigger: 'axis', order: 'valueDesc', formatter: (given) => axisText(given, against) },
    series: [...series, ...curves.flatMap((own) => marks(own, colourOf(own.point), drawable))],
  };
}

function lineSeries(name: string, color: string, data: readonly (readonly [number, number])[]): LineSeriesOption {
  return {
    type: 'line',
    name,
    data: data.map(([x, y]) => [x, y]),
    symbol: data.length > 1 ? 'none' : 'circle',
    lineStyle: { color, width: 1.5 },
    itemStyle: { color },
    emphasis: { disabled: true },
    triggerLineEvent: false,
  };
}

/** The mean, and its interval as an area. */
function bandSeries(
  name: string,
  color: string,
  band: readonly Band[],
  isLog: boolean,
): (LineSeriesOption | CustomSeriesOption)[] {
  const drawn = band.filter(({ mean }) => !isLog || mean > 0);
  const bottom = Math.min(...drawn.map(({ mean }) => mean));
  const low = (own: Band) => (isLog && own.low <= 0 ? bottom : own.low);
  return [
    {
      type: 'custom',
      name,
      silent: true,
      tooltip: { show: false },
      // Both ends of the interval, so that the axis has room for them; the area is drawn once.
      data: drawn.flatMap((own) => [
        [own.x, low(own)],
        [own.x, own.high],
      ]),
      clip: true,
      renderItem: ({ dataIndex }, api) =>
        dataIndex > 0
          ? null
          : {
              type: 'polygon',
              shape: {
                points: [
                  ...drawn.map((own) => api.coord([own.x, own.high])),
                  ...drawn.toReversed().map((own) => api.coord([own.x, low(own)])),
                ],
              },
              style: { fill: color, opacity: 0.18 },
            },
      itemStyle: { color },
      z: 1,
    },
    lineSeries(
      name,
      color,
      drawn.map(({ x, mean }) => [x, mean]),
    ),
  ];
}

/** Lines of a tooltip; more have no room. */
const mostLines = 12;

function axisText(given: unknown, against: string): string {
  const items = (Array.isArray(given) ? given : [given]) as { seriesName?: string; value?: readonly number[] }[];
  const lines = items.flatMap(({ seriesName, value }) => {
    const [, y] = value ?? [];
    return seriesName && !seriesName.startsWith('series') && y !== undefined
      ? [`${y.toPrecision(5)}  ${seriesName}`]
      : [];
  });
  const more = lines.length > mostLines ? [`and ${lines.length - mostLines} more`] : [];
  return [`${against} ${items[0]?.value?.[0] ?? ''}`, ...lines.slice(0, mostLines), ...more].join('\n');
}

/** On a logarithmic axis a mark stands at the least value that has a place there. */
function marks(
  { notFinite, points }: DrawnCurve,
  color: string,
  drawable: (place: readonly [number, number]) => boolean,
): ScatterSeriesOption[] {
  if (notFinite.length === 0) return [];
  const [, least] = points.filter(drawable).toSorted(([, a], [, b]) => a - b)[0] ?? [0, 1];
  const heightOf = (x: number, y: number) => (drawable([x, y]) ? y : least);
  return [
    {
      type: 'scatter',
      data: notFinite.map(({ x, y, value }) => ({ name: String(value), value: [x, heightOf(x, y)] })),
      symbol: 'path://M0 0L10 10M10 0L0 10',
      symbolSize: 9,
      itemStyle: { color: 'transparent', borderColor: color, borderWidth: 2 },
      z: 5,
    },
  ];
}

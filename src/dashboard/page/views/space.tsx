import type { EChartsOption } from 'echarts';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { messageOf } from '../../../errors.ts';
import type { MapMethod, SpaceMap } from '../../wire.ts';
import type { ChartEvents } from '../components/chart.tsx';
import { Figure } from '../components/figure.tsx';
import { Problem } from '../components/problem.tsx';
import { Select } from '../components/select.tsx';
import { tooltip } from '../components/tooltip.ts';
import { param } from '../state.ts';
import { experimentName, source } from '../store.ts';
import { chartTheme } from '../theme.ts';
import { chosenEncoders, encoderRuns } from './encoderRuns.ts';

const runParam = param('encoder');
const methodParam = param('map', 'pca');
const labelsParam = param('classes');

/** The same test texts under the untouched encoder and under a retrofitted one. */
export function SpaceView() {
  const runs = encoderRuns.value.filter((own) => source.hasMap(own.run.id));
  const found = runs.find((own) => own.run.id === runParam.value) ?? chosenEncoders.value[0];
  const run = found && source.hasMap(found.run.id) ? found : runs[0];
  const method = source.mapMethods.find((own) => own === methodParam.value) ?? 'pca';
  const { map, problem, isComputing } = useMap(run?.run.id, method);
  const option = useMemo(() => map && optionOf(map, labelsParam.value), [map, labelsParam.value, chartTheme.value]);
  if (!run) return <p class="note">There is no encoder to be looked at.</p>;
  return (
    <>
      <p class="lead">
        <Select
          label="Encoder"
          value={run.run.id}
          options={runs.map(({ run: own, label }) => ({ value: own.id, title: label }))}
          onChange={(value) => runParam.set(value)}
        />{' '}
        <Select
          label="Map"
          value={method}
          options={source.mapMethods.map((own) => ({ value: own, title: methodTitles[own] }))}
          onChange={(value) => methodParam.set(value)}
        />{' '}
      </p>
      <Problem text={problem} />
      {isComputing && (
        <p class="note" role="status">
          Texts are embedded and mapped; it is kept for the next time …
        </p>
      )}
      {map && <Classes names={map.labelNames} />}
      {map && option && (
        <Figure
          title="Untouched on the left, retrofitted on the right"
          note={`${map.texts.length} of ${map.all} test texts in one projection of both encoders; a text that is pointed at is marked on both sides.`}
          option={option}
          height={560}
          events={linked}
          numbers={() => ({
            columns: ['text', 'class', 'x before', 'y before', 'x after', 'y after'],
            rows: map.texts.map((text, i) => [
              text,
              map.labelNames[map.labels[i] ?? 0] ?? '',
              ...(map.original[i] ?? [null, null]),
              ...(map.retrofitted[i] ?? [null, null]),
            ]),
          })}
        />
      )}
    </>
  );
}

const methodTitles: Readonly<Record<MapMethod, string>> = { pca: 'principal components', umap: 'UMAP' };

function useMap(run: string | undefined, method: MapMethod) {
  const [state, setState] = useState<{ key?: string; map?: SpaceMap; problem?: string }>({});
  const key = `${run} ${method}`;
  useEffect(() => {
    if (run === undefined) return undefined;
    let isOld = false;
    source.map(experimentName.value, run, method).then(
      (map) => {
        if (!isOld) setState({ key, map });
      },
      (error) => {
        if (!isOld) setState({ key, problem: messageOf(error) });
      },
    );
    return () => {
      isOld = true;
    };
  }, [key]);
  const isCurrent = state.key === key;
  return {
    map: isCurrent ? state.map : undefined,
    problem: isCurrent ? state.problem : undefined,
    isComputing: !isCurrent,
  };
}

/** Eight colours in four shapes tell 32 classes apart. */
const shapes = [
  { symbol: 'circle', sign: '●' },
  { symbol: 'triangle', sign: '▲' },
  { symbol: 'rect', sign: '■' },
  { symbol: 'diamond', sign: '◆' },
] as const;

function lookOf(label: number) {
  const { kinds } = chartTheme.value;
  const shape = shapes[Math.floor(label / kinds.length) % shapes.length] ?? shapes[0];
  return { colour: kinds[label % kinds.length] ?? kinds[0], ...shape };
}

/** What a mark stands for; a class that is chosen stands out. */
function Classes({ names }: { readonly names: readonly string[] }) {
  return (
    <p class="classes">
      {names.map((name, label) => {
        const { colour, sign } = lookOf(label);
        const isChosen = labelsParam.value === name;
        return (
          <button
            key={name}
            type="button"
            aria-pressed={isChosen}
            onClick={() => labelsParam.set(isChosen ? '' : name)}
          >
            <span aria-hidden="true" style={{ color: colour }}>
              {sign}
            </span>{' '}
            {name}
          </button>
        );
      })}
    </p>
  );
}

/** Pointing at a text on one side marks it on both. */
const linked: ChartEvents = {
  mouseover: (event, chart) => {
    const { dataIndex } = event as { dataIndex: number };
    for (const seriesIndex of [0, 1]) chart.dispatchAction({ type: 'highlight', seriesIndex, dataIndex });
  },
  mouseout: (event, chart) => {
    const { dataIndex } = event as { dataIndex: number };
    for (const seriesIndex of [0, 1]) chart.dispatchAction({ type: 'downplay', seriesIndex, dataIndex });
  },
};

function optionOf({ texts, labels, labelNames, original, retrofitted }: SpaceMap, chosen: string): EChartsOption {
  const { ink, axis, grid } = chartTheme.value;
  const all = [...original, ...retrofitted];
  const range = (place: 0 | 1) => {
    const values = all.map((own) => own[place]);
    const [min, max] = [Math.min(...values), Math.max(...values)];
    const gap = 0.04 * (max - min || 1);
    return { min: min - gap, max: max + gap };
  };
  const side = (gridIndex: number, name: string) => ({
    x: {
      ...range(0),
      type: 'value' as const,
      gridIndex,
      name,
      nameLocation: 'middle' as const,
      nameGap: 12,
      nameTextStyle: { color: ink },
      axisLabel: { show: false },
      axisTick: { show: false },
      axisLine: { show: true, onZero: false, lineStyle: { color: axis } },
      splitLine: { lineStyle: { color: grid } },
    },
    y: {
      ...range(1),
      type: 'value' as const,
      gridIndex,
      axisLabel: { show: false },
      axisTick: { show: false },
      axisLine: { show: true, onZero: false, lineStyle: { color: axis } },
      splitLine: { lineStyle: { color: grid } },
    },
  });
  const sides = [side(0, 'untouched'), side(1, 'retrofitted')];
  return {
    grid: [
      { left: 12, width: '47%', top: 12, bottom: 30 },
      { right: 12, width: '47%', top: 12, bottom: 30 },
    ],
    xAxis: sides.map(({ x }) => x),
    yAxis: sides.map(({ y }) => y),
    tooltip: {
      ...tooltip(),
      formatter: (given) => {
        const { dataIndex } = given as { dataIndex: number };
        return `${labelNames[labels[dataIndex] ?? 0] ?? ''}\n${wrapped(texts[dataIndex] ?? '')}`;
      },
    },
    series: [original, retrofitted].map((places, i) => ({
      type: 'scatter' as const,
      xAxisIndex: i,
      yAxisIndex: i,
      symbolSize: 7,
      data: places.map((place, text) => {
        const label = labels[text] ?? 0;
        const isShown = chosen === '' || labelNames[label] === chosen;
        const { colour, symbol } = lookOf(label);
        return { value: [...place], symbol, itemStyle: { color: colour, opacity: isShown ? 0.8 : 0.06 } };
      }),
      emphasis: { scale: 2.2, itemStyle: { opacity: 1, borderColor: ink, borderWidth: 2 } },
    })),
  };
}

/** On lines of about 60 characters, of which a tooltip has room for a few. */
function wrapped(text: string): string {
  return text
    .slice(0, 400)
    .replace(/(.{1,60})(\s|$)/g, '$1\n')
    .trimEnd();
}

import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { pairedDifference, summary } from '../../src/evaluation/statistics.ts';
import { chartPng } from '../../src/report/chartImage.ts';
import { type Comparison, compare, type PointRow } from '../../src/report/comparison.ts';
import { tradeOffOf } from '../../src/report/tradeOff.ts';
import { tradeOffChart } from '../../src/report/tradeOffChart.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { madeUpRuns, writeMadeUpResults } from './madeUpResults.ts';

interface Datum {
  readonly name: string;
  readonly value: readonly number[];
  readonly symbol?: string;
}

interface Series {
  readonly type: 'scatter' | 'line' | 'custom';
  readonly name?: string;
  readonly data: readonly Datum[];
  readonly itemStyle: { readonly color: string };
  readonly label?: { readonly show: boolean };
  readonly markLine?: { readonly data: unknown };
}

/** What the tests look at of a chart. */
interface Chart {
  readonly title: { readonly text: string; readonly subtext: string };
  readonly legend: {
    readonly data: readonly (string | { name: string })[];
    readonly formatter: (name: string) => string;
  };
  readonly xAxis: {
    readonly type: string;
    readonly min: number;
    readonly max?: number;
    readonly axisLabel: { readonly customValues?: readonly number[]; readonly formatter: (value: number) => string };
  };
  readonly yAxis: { readonly name: string };
  readonly series: readonly Series[];
}

function chartOf(comparison: Comparison): Chart {
  return tradeOffChart(tradeOffOf(comparison)) as unknown as Chart;
}

function seriesOf(chart: Chart, type: Series['type']): Series[] {
  return chart.series.filter((series) => series.type === type && series.name !== 'original encoder');
}

/** Without the lines through the points of a colour. */
const fronts = (chart: Chart) => seriesOf(chart, 'line').filter(({ name }) => name === 'Pareto front');

const legendOf = ({ legend }: Chart) => legend.data.map((item) => (typeof item === 'string' ? item : item.name));

let comparison: Comparison;

beforeAll(async () => {
  comparison = compare(readExperiment(join(await writeMadeUpResults(), 'made-up')));
});

const temperature = 'objective.supCon.temperature';
const weight = 'objective.vectorSpacePreservation.weight';

interface Given {
  readonly axes?: Record<string, unknown>;
  /** Of each seed. */
  readonly drift?: readonly number[];
  readonly gain?: readonly number[];
  readonly best?: boolean;
  readonly original?: string;
}

function pointOf({ axes = {}, drift = [0.01], gain = [0.1], best = false, original = 'o' }: Given): PointRow {
  return {
    axes,
    cells: drift.map((_, i) => `cell ${i}`),
    seeds: drift.map((_, i) => i),
    original,
    counts: { completed: drift.length, stopped: 0, diverged: 0, failed: 0, missing: 0 },
    metrics: { 'drift.deltaEmb': summary(drift) },
    differences: {
      'knn.macroF1': pairedDifference(
        gain,
        gain.map(() => 0),
      ),
    },
    paretoOptimal: best,
  };
}

function comparisonOf(given: readonly Given[], changes: Partial<Comparison> = {}): Comparison {
  const axes = [...new Set(given.flatMap((point) => Object.keys(point.axes ?? {})))];
  const points = given.map(pointOf);
  return { experiment: 'made', axes, columns: [], originals: [], points, interval: 't', warnings: [], ...changes };
}

describe('of an experiment', () => {
  test('points are means over the seeds that count, gains in points over the original', () => {
    const expected = madeUpRuns.points.map(({ weight: label, seeds }) => {
      const runs = Object.values(seeds);
      const mean = (metric: string) =>
        runs.reduce((sum, metrics) => sum + (metrics[metric] as number), 0) / runs.length;
      const gain = mean('knn.macroF1') - (madeUpRuns.original['knn.macroF1'] as number);
      return { name: String(label), value: [mean('drift.deltaEmb'), 100 * gain] };
    });
    const data = seriesOf(chartOf(comparison), 'scatter').flatMap((series) => series.data);
    expect(data.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
    data.forEach(({ value }, i) => {
      expect(value[0]).toBeCloseTo(expected[i]?.value[0] as number, 12);
      expect(value[1]).toBeCloseTo(expected[i]?.value[1] as number, 10);
    });
  });

  test('a colour for each temperature, the title, the zero line', () => {
    const chart = chartOf(comparison);
    expect(legendOf(chart)).toEqual(['temperature 0.05', 'temperature 0.1', 'Pareto front']);
    expect(new Set(seriesOf(chart, 'scatter').map(({ itemStyle }) => itemStyle.color)).size).toBe(2);
    expect(chart.title.text).toBe('made-up');
    expect(chart.title.subtext).toContain('mean and 95 % t-interval over up to 3 seeds');
    expect(chart.title.subtext).toContain('labels: weight');
    expect(seriesOf(chart, 'custom')[0]?.markLine?.data).toEqual([{ yAxis: 0 }]);
  });

  test('the points that have a ★ in the table are stars, joined by rising drift', () => {
    const chart = chartOf(comparison);
    const optimal = comparison.points
      .filter(({ paretoOptimal }) => paretoOptimal)
      .map(({ metrics, differences }) => [
        metrics['drift.deltaEmb']?.mean as number,
        100 * (differences['knn.macroF1']?.mean as number),
      ])
      .sort(([a = 0], [b = 0]) => a - b);
    expect(optimal).toHaveLength(2);
    expect(fronts(chart).map(({ data }) => data)).toEqual([optimal]);
    const stars = seriesOf(chart, 'scatter').flatMap(({ data }) => data.filter(({ symbol }) => symbol !== undefined));
    expect(stars.map(({ value }) => value).sort(([a = 0], [b = 0]) => a - b)).toEqual(optimal);
  });
});

describe('intervals', () => {
  test('bars are the intervals of both means', () => {
    const [drift, gain] = [
      [0.01, 0.012, 0.014],
      [0.1, 0.12, 0.11],
    ] as const;
    const [bars] = seriesOf(chartOf(comparisonOf([{ drift, gain }])), 'custom');
    const [x, y] = [summary(drift), summary(gain.map((value) => 100 * value))];
    const expected = [x, y].flatMap(({ mean, halfWidth }) => [mean - Number(halfWidth), mean + Number(halfWidth)]);
    const bounds = bars?.data[0]?.value.slice(2) ?? [];
    expect(bounds).toHaveLength(4);
    bounds.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 10);
    });
  });

  test('by the bootstrap where the comparison has them', () => {
    const point = pointOf({});
    const own = {
      ...point,
      metrics: { 'drift.deltaEmb': { mean: 0.01, halfWidth: 0.1, bootstrap: { low: 0.008, high: 0.013 }, n: 3 } },
    };
    const chart = chartOf(comparisonOf([], { points: [own], interval: 'bootstrap' }));
    expect(seriesOf(chart, 'custom')[0]?.data[0]?.value.slice(2, 4)).toEqual([0.008, 0.013]);
  });

  test('one seed has none, which is said', () => {
    const chart = chartOf(comparisonOf([{}]));
    expect(seriesOf(chart, 'custom')[0]?.data[0]?.value).toEqual([0.01, 10, 0.01, 0.01, 10, 10]);
    expect(chart.title.subtext).toBe('one seed: no interval');
  });
});

describe('the axis of drift', () => {
  const axisOf = (...drifts: (readonly number[])[]) => chartOf(comparisonOf(drifts.map((drift) => ({ drift })))).xAxis;

  test('is logarithmic where the drifts are positive and span more than a decade', () => {
    expect(axisOf([0.01], [0.09]).type).toBe('value');
    expect(axisOf([0.01], [0.11]).type).toBe('log');
    expect(axisOf([0], [0.11])).toMatchObject({ type: 'value', min: 0 });
  });

  test('has ticks at 1, 2 and 5 times the powers of ten around what is shown, or at these alone', () => {
    const short = axisOf([0.0031], [0.04]);
    expect(short.axisLabel.customValues).toEqual([0.002, 0.005, 0.01, 0.02, 0.05]);
    expect([short.min, short.max]).toEqual([0.002, 0.05]);
    expect(axisOf([2e-6], [0.05]).axisLabel.customValues).toEqual([1e-5, 1e-4, 1e-3, 1e-2]);
    expect([0, 0.0005, 0.001, 0.05].map(short.axisLabel.formatter)).toEqual(['0', '5e-4', '0.001', '0.05']);
  });

  test('ends a bar that reaches below it', () => {
    const chart = chartOf(comparisonOf([{ drift: [0.0001, 0.003], gain: [0.1, 0.1] }, { drift: [0.04, 0.04] }]));
    expect(chart.xAxis.type).toBe('log');
    expect(seriesOf(chart, 'custom')[0]?.data[0]?.value[2]).toBe(chart.xAxis.min);
    expect(chart.xAxis.min).toBeGreaterThan(0);
  });
});

describe('the untouched encoder', () => {
  const axis = { name: 'a measure' };
  const at = (mean: number) => ({ mean, low: mean, high: mean });
  const points = (xs: readonly number[]) =>
    xs.map((x) => ({ axes: {}, original: 'o', place: { x: at(x), y: at(0.5) }, isOptimal: false }));
  const markOf = (chart: Chart) => chart.series.find(({ name }) => name === 'original encoder');
  const chart = (xs: readonly number[], origin: { x: number; y: number }) =>
    tradeOffChart({ axes: [], points: points(xs), x: axis, y: axis, origin }) as unknown as Chart;

  test('is marked at its place', () => {
    expect(markOf(chart([0.1, 0.2], { x: 0, y: 1 }))?.data).toEqual([[0, 1]]);
  });

  test('is the line at its height where a logarithmic axis does not reach it', () => {
    const logarithmic = chart([0.001, 0.2], { x: 0, y: 1 });
    expect(logarithmic.xAxis.type).toBe('log');
    expect(markOf(logarithmic)).toBeUndefined();
    expect(seriesOf(logarithmic, 'custom')[0]?.markLine?.data).toEqual([{ yAxis: 1 }]);
  });
});

describe('axes of the grid', () => {
  const grid = (temperatures: readonly unknown[], weights: readonly unknown[]) =>
    temperatures.flatMap((t) => weights.map((w) => ({ axes: { [temperature]: t, [weight]: w } })));
  const namesIn = (chart: Chart) => seriesOf(chart, 'scatter').map(({ data }) => data.map(({ name }) => name));

  test('numbers have their colours in ascending order', () => {
    const chart = chartOf(comparisonOf(grid([0.3, 0.05, 0.1], [0, 10])));
    expect(legendOf(chart)).toEqual(['temperature 0.05', 'temperature 0.1', 'temperature 0.3']);
  });

  test('one that varies labels the points; one with a single value is not shown', () => {
    const chart = chartOf(comparisonOf(grid([0.1], [0, 10])));
    expect(namesIn(chart)).toEqual([['0', '10']]);
    expect(legendOf(chart)).toEqual([]);
    expect(chart.title.subtext).toContain('labels: weight');
  });

  test('none', () => {
    const chart = chartOf(comparisonOf([{ best: true }]));
    expect(seriesOf(chart, 'scatter').map(({ label }) => label?.show)).toEqual([false]);
    expect(legendOf(chart)).toEqual(['Pareto front']);
  });

  test('what has too many values for colours labels the points', () => {
    const many = Array.from({ length: 11 }, (_, i) => i + 1);
    expect(legendOf(chartOf(comparisonOf(grid(many, [0, 10]))))).toEqual(['weight 0', 'weight 10']);
    expect(namesIn(chartOf(comparisonOf(grid(many, many)))).flat()[12]).toBe('2 · 2');
  });

  test('whole objects, in the legend on several lines', () => {
    const samplers = [
      { kind: 'stratified', batchSize: 64 },
      { kind: 'mPerClass', batchSize: 64, m: 4 },
    ];
    const chart = chartOf(comparisonOf(samplers.flatMap((sampler) => [0, 1].map((k) => ({ axes: { sampler, k } })))));
    expect(legendOf(chart)).toEqual(['sampler stratified batchSize 64', 'sampler mPerClass batchSize 64 m 4']);
    expect(chart.legend.formatter('sampler mPerClass batchSize 64 m 4')).toBe('sampler mPerClass\nbatchSize 64 m 4');
  });
});

describe('what is missing', () => {
  const empty = { metrics: {}, differences: {}, cells: [], seeds: [] };

  test('points without result are left out and counted; the colours stay', () => {
    const all = comparisonOf(
      [0.1, 0.2, 0.3].flatMap((t) => [0, 10].map((w) => ({ axes: { [temperature]: t, [weight]: w } }))),
    );
    const some = { ...all, points: all.points.map((point, i) => (i < 3 ? { ...point, ...empty } : point)) };
    const chart = chartOf(some);
    expect(legendOf(chart)).toEqual(['temperature 0.2', 'temperature 0.3']);
    expect(chart.title.subtext).toContain('3 of 6 points without result');
    const colours = (of: Chart) => seriesOf(of, 'scatter').map(({ itemStyle }) => itemStyle.color);
    expect(colours(chart)).toEqual(colours(chartOf(all)));
  });

  test('nothing is finished', () => {
    for (const points of [[], [{ ...pointOf({}), ...empty }]]) {
      const chart = chartOf(comparisonOf([], { points }));
      expect(chart.title.subtext).toBe('nothing is finished yet');
      expect(chart.xAxis).toMatchObject({ type: 'value', min: 0 });
      expect(
        chartPng(tradeOffChart(tradeOffOf(comparisonOf([], { points }))), { width: 300, height: 200 }).length,
      ).toBeGreaterThan(0);
    }
  });
});

test('points of different originals have fronts of their own', () => {
  const chart = chartOf(
    comparisonOf([
      { drift: [0.02], gain: [0.2], best: true, original: 'a' },
      { drift: [0.01], gain: [0.1], best: true, original: 'a' },
      { drift: [0.015], gain: [0.3], best: true, original: 'b' },
    ]),
  );
  expect(fronts(chart).map(({ data }) => data)).toEqual([
    [
      [0.01, 10],
      [0.02, 20],
    ],
    [[0.015, 30]],
  ]);
  expect(legendOf(chart)).toEqual(['Pareto front']);
});

describe('the gain', () => {
  const titleWith = (...columns: string[]) => chartOf({ ...comparison, columns }).yAxis.name;

  test('is of macro F1 if that is a column, else of the first of which more is better', () => {
    expect(titleWith()).toBe('gain in macro F1, points (more is better →)');
    expect(titleWith('knn.accuracy', 'knn.macroF1')).toBe('gain in macro F1, points (more is better →)');
    expect(titleWith('drift.deltaCos', 'knn.accuracy')).toBe('gain in accuracy, points (more is better →)');
    expect(titleWith('clustering.ami')).toBe('gain in AMI (more is better →)');
    expect(titleWith('sst2.knn.accuracy')).toBe('gain in sst2.knn.accuracy, points (more is better →)');
  });

  test('of another metric has no ★, which is about macro F1', () => {
    const chart = chartOf({ ...comparison, columns: ['knn.accuracy'] });
    expect(seriesOf(chart, 'scatter').flatMap(({ data }) => data)).toHaveLength(4);
    expect(legendOf(chart)).not.toContain('Pareto front');
    expect(fronts(chart)).toEqual([]);
  });
});

test('a grid of 100 points is drawn', () => {
  const tens = Array.from({ length: 10 }, (_, i) => i + 1);
  const points = tens.flatMap((t) =>
    tens.map((w) => ({
      axes: { [temperature]: t, [weight]: w },
      drift: [0.0001 * t * w * w, 0.00011 * t * w * w],
      gain: [0.01 * w, 0.012 * w],
    })),
  );
  const png = chartPng(tradeOffChart(tradeOffOf(comparisonOf(points))), { width: 900, height: 560 });
  expect(png.length).toBeGreaterThan(10_000);
});

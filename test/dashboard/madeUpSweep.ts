import { SweepModel } from '../../src/dashboard/page/model/sweep.ts';
import type { RunRow, RunTable, Sweep, SweepHead } from '../../src/dashboard/wire.ts';
import { finiteOrName } from '../../src/tracking/journal.ts';

export const temperature = 'objective.supCon.temperature';
export const weight = 'objective.vectorSpacePreservation.weight';

/** A run as a test writes it down: the metrics by their names, and of the rest what matters. */
export type MadeUpRun = Partial<Omit<RunRow, 'values'>> & { readonly metrics?: Readonly<Record<string, number>> };

/** The untouched encoder that made-up runs are compared with. */
export const madeUpOriginal: MadeUpRun = {
  id: 'original',
  kind: 'original',
  seed: null,
  original: null,
  metrics: { 'knn.macroF1': 0.5, 'drift.deltaEmb': 0 },
};

export function madeUpHead(head: Partial<SweepHead> = {}): SweepHead {
  return {
    name: 'made-up',
    command: 'yarn sweep experiments/made-up.ts',
    engines: ['tensorflow'],
    axes: [temperature, weight],
    seeds: [1, 2, 3],
    columns: [],
    warnings: [],
    isRunning: false,
    ...head,
  };
}

/** As the server sends it: NaN and infinities by their names, null where a run has no value. */
export function madeUpTable(runs: readonly MadeUpRun[]): RunTable {
  const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.metrics ?? {})))];
  const table: RunTable = {
    metrics,
    runs: runs.map(({ metrics: own = {}, ...run }, i) => ({
      id: `run${i}`,
      kind: 'retrofit',
      axes: {},
      seed: 1,
      original: 'original',
      status: 'completed',
      ...run,
      values: metrics.map((metric) => own[metric] ?? null),
    })),
  };
  return JSON.parse(JSON.stringify(table, finiteOrName)) as RunTable;
}

export function madeUpSweep(runs: readonly MadeUpRun[], head?: Partial<SweepHead>): Sweep {
  return { head: madeUpHead(head), table: madeUpTable(runs) };
}

export function madeUpModel(runs: readonly MadeUpRun[], head?: Partial<SweepHead>): SweepModel {
  return SweepModel.from(madeUpSweep(runs, head));
}

/** t for 95 % by degrees of freedom, from a printed table. */
const quantiles = [
  0, 12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052, 2.5705818356, 2.4469118511, 2.3646242516,
];

/** Mean and half the 95 % interval of up to 8 values, by loops. */
export function naiveSummary(values: readonly number[]): { mean: number; halfWidth: number | null; n: number } {
  const n = values.length;
  let mean = 0;
  for (const value of values) mean += value / n;
  if (n === 1) return { mean, halfWidth: null, n };
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  return { mean, halfWidth: (quantiles[n - 1] as number) * Math.sqrt(squares / (n - 1) / n), n };
}

import type { EndRecord, LayersRecord, PredictionsRecord } from '../tracking/journal.ts';
import type { ExperimentCell } from '../tracking/results.ts';

/** What the dashboard's server tells its page, and what a report holds: JSON, with NaN and infinities by their names. */

/** A number, or the name of one that JSON does not have. */
export type WireNumber = number | 'NaN' | 'Infinity' | '-Infinity';

/** An experiment in the list of a results folder. */
export interface ExperimentItem {
  readonly name: string;
  readonly cells: number;
  readonly finished: number;
  /** A sweep is at work on it. */
  readonly isRunning: boolean;
  /** When something last changed there, milliseconds since 1970. */
  readonly changed: number;
  /** Why it cannot be shown. */
  readonly problem?: string;
}

/** What became of a cell: how its run ended, or where it is. `interrupted`: begun, and nobody is at work on it. */
export type RunStatus = EndRecord['status'] | 'failed' | 'broken' | 'running' | 'interrupted' | 'waiting';

export interface RunRow extends ExperimentCell {
  readonly status: RunStatus;
  /** Why it was stopped, diverged, failed or cannot be read. */
  readonly reason?: string;
  /** ISO 8601. */
  readonly started?: string;
  /** How long it took. */
  readonly seconds?: number;
  /** Of a run at work. */
  readonly progress?: { readonly step: number; readonly steps: number };
  /** In the order of the table's `metrics`, null where it has none; empty for a run that is not finished. */
  readonly values: readonly (WireNumber | null)[];
}

/** Some or all runs of a sweep. */
export interface RunTable {
  /** Names such as `knn.macroF1`. */
  readonly metrics: readonly string[];
  readonly runs: readonly RunRow[];
}

/** A sweep without its runs. */
export interface SweepHead {
  readonly name: string;
  /** The command that made it, and continues it. */
  readonly command: string;
  readonly engines: readonly string[];
  /** Dotted paths of the swept settings. */
  readonly axes: readonly string[];
  readonly seeds: readonly number[];
  /** Metrics that the experiment's table shows, the most important first. */
  readonly columns: readonly string[];
  /** What to know before trusting the numbers. */
  readonly warnings: readonly string[];
  readonly isRunning: boolean;
}

export interface Sweep {
  readonly head: SweepHead;
  readonly table: RunTable;
}

/** What has changed since the last message, or since the sweep was read. */
export interface SweepUpdate {
  readonly head: SweepHead;
  readonly table: RunTable;
  /** Every cell of the plan, in its order; others are gone. */
  readonly cells: readonly string[];
}

/** A metric over the course of a run. */
export interface Series {
  readonly step: readonly number[];
  /** From 0; epochs of validations are those of the step before. */
  readonly epoch: readonly number[];
  /** Seconds of training until then. */
  readonly seconds: readonly number[];
  readonly value: readonly WireNumber[];
}

/** One metric in the courses of some runs. */
export interface Courses {
  /** By cell. Runs that do not log it are missing. */
  readonly series: Readonly<Record<string, Series>>;
  /** All metrics that these runs log, e.g. `train/loss`. */
  readonly metrics: readonly string[];
  /** Whether values between spikes are left out, which smoothing would have seen. */
  readonly isThinned: boolean;
}

/** A run as it is compared with others. */
export interface RunDetail {
  readonly id: string;
  /** Everything that its numbers depend on, by dotted path. */
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, WireNumber>>;
  readonly predictions: readonly Omit<PredictionsRecord, 'type' | 'probabilities' | 'wall'>[];
  readonly layers: { readonly texts: number; readonly drift: LayersRecord['drift'] } | null;
  readonly notes: readonly string[];
}

/** Least, greatest and last finite value of a metric over the course of a run; null where it has none. */
export interface Extremes {
  readonly min: number | null;
  readonly max: number | null;
  readonly last: number | null;
}

/** All that a report holds, in the place of the server. */
export interface ReportData {
  readonly sweep: Sweep;
  /** By run and metric. */
  readonly courses: Readonly<Record<string, Readonly<Record<string, Series>>>>;
  readonly isThinned: boolean;
  /** By run. */
  readonly details: Readonly<Record<string, RunDetail>>;
  /** By run, of principal components. */
  readonly maps: Readonly<Record<string, SpaceMap>>;
}

/** Principal components, at once; or UMAP, which takes some seconds and is kept. */
export const mapMethods = ['pca', 'umap'] as const;
export type MapMethod = (typeof mapMethods)[number];

type Places2d = readonly (readonly [x: number, y: number])[];

/** Test texts in two dimensions, by the untouched encoder and by a retrofitted one, in one projection of both. */
export interface SpaceMap {
  readonly texts: readonly string[];
  /** Class numbers. */
  readonly labels: readonly number[];
  readonly labelNames: readonly string[];
  readonly original: Places2d;
  readonly retrofitted: Places2d;
  /** Of how many the texts were drawn. */
  readonly all: number;
}

/** What is nearest to a sentence. */
export interface ProbeAnswer {
  readonly sentence: string;
  /** Training texts among which neighbours were looked for, and how many there are. */
  readonly references: number;
  readonly all: number;
  readonly encoders: readonly ProbedEncoder[];
}

export interface ProbedEncoder {
  /** Null: the untouched one. */
  readonly run: string | null;
  /** The class of most of the neighbours. */
  readonly label: string;
  /** The nearest first. */
  readonly neighbours: readonly { readonly text: string; readonly label: string; readonly cosine: number }[];
}

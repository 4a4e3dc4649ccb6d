import type { CellEnd } from '../sweep/observer.ts';
import type { SweepIdentity, TrackedCell } from './runIdentity.ts';

/** What the tracker's process is started with. */
export interface TrackerSetup extends SweepIdentity {
  /** The experiment's folder under results. */
  readonly folder: string;
}

export type ToTracker =
  | { readonly type: 'setup'; readonly setup: TrackerSetup }
  /** A cell is at work in the process `pid`, which writes the journal. */
  | { readonly type: 'started'; readonly cell: TrackedCell; readonly journal: string; readonly pid: number }
  /** What that process prints. */
  | { readonly type: 'output'; readonly cell: string; readonly text: string }
  | { readonly type: 'ended'; readonly cell: string; readonly end: CellEnd }
  /** A cell that was finished before. */
  | { readonly type: 'found'; readonly cell: TrackedCell; readonly journal: string }
  /** Nothing more comes. `patience` milliseconds are left to bring away what there is. */
  | { readonly type: 'close'; readonly patience: number };

export type FromTracker =
  /** Something that the user should know at once. */
  { readonly type: 'notice'; readonly text: string } | { readonly type: 'closed'; readonly report: TrackerReport };

/** What became of a sweep's runs. */
export interface TrackerReport {
  /** Runs with a log. */
  readonly runs: number;
  /** Runs of which not everything has arrived on the server. */
  readonly incomplete: number;
  /** Rows of history of these that have not arrived. */
  readonly missingRows: number;
  /** Why, of the last one. */
  readonly reason?: string;
  /** Where the runs are shown. */
  readonly url?: string;
  /** Holds the logs. */
  readonly folder: string;
}

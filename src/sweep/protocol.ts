import type { EngineInfo, EngineRequest } from '../engine/engine.ts';
import type { Problem } from '../errors.ts';
import type { EndRecord } from '../tracking/journal.ts';
import type { Cell } from './cells.ts';
import type { SweepEnvironment } from './environment.ts';
import type { Settings } from './experiment.ts';
import type { Places, Shard } from './materials.ts';
import type { JobProgress } from './progress.ts';

/** What a worker process is started with. */
export interface WorkerSetup {
  readonly engine: EngineRequest;
  readonly places: Places;
  /** The experiment's folder under results. */
  readonly folder: string;
  readonly cacheFolder: string;
  readonly experiment: string;
  /** Whether each cell gets an event file beside its journal. */
  readonly tensorBoard: boolean;
  /** For the journals. */
  readonly environment: SweepEnvironment;
}

/** Work for one process. */
export type Job =
  | { readonly kind: 'embed'; readonly id: string; readonly settings: Settings; readonly shard: Shard }
  | { readonly kind: 'cell'; readonly id: string; readonly cell: Cell }
  /** Times a few training steps and a forward pass, to estimate a sweep's duration or to compare arrangements. */
  | { readonly kind: 'measure'; readonly id: string; readonly cell: Cell };

/** What a measurement gives: this machine, one worker, at the time of the measurement. */
export interface Rates {
  readonly secondsPerStep: number;
  readonly textsPerSecond: number;
}

export type ToWorker =
  | { readonly type: 'setup'; readonly setup: WorkerSetup }
  | { readonly type: 'job'; readonly job: Job };

export type FromWorker =
  | { readonly type: 'ready'; readonly engine: EngineInfo }
  | { readonly type: 'progress'; readonly progress: JobProgress }
  | { readonly type: 'done'; readonly result: JobResult }
  | { readonly type: 'failed'; readonly failure: JobFailure };

export interface JobResult {
  readonly job: string;
  /** How a cell ended. */
  readonly end?: EndRecord;
  /** What a finished cell lacks, for the user. */
  readonly warning?: string;
  readonly rates?: Rates;
}

export interface JobFailure {
  readonly message: string;
  /** There if the failure is a mistake of the user. */
  readonly problems?: readonly Problem[];
  /** For the log, not for the terminal. */
  readonly stack?: string;
}

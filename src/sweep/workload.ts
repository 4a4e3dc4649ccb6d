import type { Corpus } from '../data/corpus.ts';
import { fineTuningWork } from '../evaluation/fineTuning.ts';
import { totalSteps } from '../training/trainer.ts';
import type { Cell } from './cells.ts';
import type { Rates } from './protocol.ts';

/** How much a cell has to do. */
export interface Workload {
  readonly steps: number;
  /** Texts embedded after and, in validations, during training. */
  readonly texts: number;
  /** What fine-tuning on downstream tasks takes, in steps of the training. */
  readonly extraSteps: number;
}

/** @param tasks corpora of the downstream tasks */
export function workloadOf(
  cell: Cell,
  corpus: Corpus,
  batchesPerEpoch: number,
  tasks: readonly Corpus[] = [],
): Workload {
  const { training, evaluation, sampler } = cell.settings;
  const fineTuned = fineTuningWork({ tasks, beside: corpus }, evaluation.downstream);
  const extraSteps = fineTuned.trained / sampler.batchSize;
  if (cell.kind === 'original') return { steps: 0, texts: fineTuned.embedded, extraSteps };
  const steps = totalSteps(training, { batchesPerEpoch });
  const validations =
    training.validateEvery > 0 ? Math.ceil(steps / training.validateEvery) : Number(training.checkpoint === 'best');
  const references = Math.min(corpus.train.labels.length, evaluation.references ?? Number.POSITIVE_INFINITY);
  return {
    steps,
    texts:
      references +
      corpus.test.labels.length +
      validations * corpus.validation.labels.length +
      tasks.reduce((sum, { train, test }) => sum + train.labels.length + test.labels.length, 0) +
      fineTuned.embedded,
    extraSteps,
  };
}

/** Seconds that one worker needs. */
export function secondsFor({ steps, texts, extraSteps }: Workload, { secondsPerStep, textsPerSecond }: Rates): number {
  return (steps + extraSteps) * secondsPerStep + texts / textsPerSecond;
}

/**
 * Follows a sweep's progress in estimated seconds of work and tells how long the rest takes: by the estimate at first,
 * by the pace so far as soon as a tenth is done.
 */
export class Pace {
  readonly #total: number;
  readonly #workers: number;
  #finished = 0;
  readonly #running = new Map<number, number>();

  constructor(total: number, workers: number) {
    this.#total = total;
    this.#workers = workers;
  }

  /** A worker has done `seconds` (estimated) of its job. */
  progress(worker: number, seconds: number): void {
    this.#running.set(worker, seconds);
  }

  /** A worker's job is over; it was estimated to take `seconds`. */
  finish(worker: number, seconds: number): void {
    this.#running.delete(worker);
    this.#finished += seconds;
  }

  /** Undefined if nothing could be measured. */
  remainingSeconds(elapsedSeconds: number): number | undefined {
    if (this.#total === 0) return undefined;
    const done = this.#finished + [...this.#running.values()].reduce((sum, seconds) => sum + seconds, 0);
    const left = Math.max(0, this.#total - done);
    return done > this.#total / 10 ? (elapsedSeconds * left) / done : left / this.#workers;
  }
}

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
  const every = training.validateEvery === 'epoch' ? batchesPerEpoch : training.validateEvery;
  const validations = every > 0 ? Math.ceil(steps / every) : Number(training.checkpoint === 'best');
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

/** Share of the work, and seconds, whose pace tells that of the rest. */
const enough = { share: 0.005, seconds: 5 };

/**
 * Follows a sweep's progress in expected seconds of work, of which only the proportions have to be right, and tells by the
 * pace so far how long the rest takes.
 */
export class Pace {
  readonly #total: number;
  #finished = 0;
  readonly #running = new Map<number, number>();

  constructor(total: number) {
    this.#total = total;
  }

  /** A worker has done `seconds` (expected) of its job. */
  progress(worker: number, seconds: number): void {
    this.#running.set(worker, seconds);
  }

  /** A worker's job is over; it was expected to take `seconds`. */
  finish(worker: number, seconds: number): void {
    this.#running.delete(worker);
    this.#finished += seconds;
  }

  /** Undefined until enough is done to judge by. */
  remainingSeconds(elapsedSeconds: number): number | undefined {
    const done = this.#finished + [...this.#running.values()].reduce((sum, seconds) => sum + seconds, 0);
    const left = Math.max(0, this.#total - done);
    const known = done > this.#total * enough.share && elapsedSeconds >= enough.seconds;
    return known ? (elapsedSeconds * left) / done : undefined;
  }
}

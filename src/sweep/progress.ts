/** What a running job is doing now. */
export interface JobProgress {
  /** Short id of the cell. */
  readonly id: string;
  /** Place on the axes and seed, e.g. `temperature 0.1 · weight 10 · seed 2`. */
  readonly label: string;
  readonly phase: 'starting' | 'embedding' | 'training' | 'evaluating' | 'fine-tuning';
  /** Done and total of the phase: steps in training and fine-tuning, texts in embedding. */
  readonly done: number;
  readonly total: number;
  /** Latest value of each loss term. */
  readonly terms: Readonly<Record<string, number>>;
}

/** A sweep at one moment. */
export interface SweepProgress {
  readonly total: number;
  /** Found finished from an earlier run of the command. */
  readonly reused: number;
  readonly done: number;
  readonly failed: number;
  readonly running: readonly JobProgress[];
  readonly elapsedSeconds: number;
  /** Not there before anything has been measured. */
  readonly remainingSeconds?: number;
}

/** Shows a sweep to a person. Views never decide anything. */
export interface SweepView {
  update(progress: SweepProgress): void;
  /** A line that stays: a finished cell, a warning. */
  line(text: string): void;
  stop(): void;
}

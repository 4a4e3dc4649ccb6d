/** How the learning rate moves over a training. */
export interface Schedule {
  /** Peak learning rate. */
  readonly learningRate: number;
  readonly totalSteps: number;
  /** Share of the steps that warm up, 0–1, rounded up to whole steps. */
  readonly warmup: number;
  /** After the warm-up: a straight line or half a cosine wave from the peak to 0, or the peak to the end. */
  readonly schedule: 'linear' | 'cosine' | 'constant';
}

/**
 * The learning rate of a step, as `transformers` defines it (get_linear_schedule_with_warmup and its siblings): the
 * warm-up starts at 0, so the first step of a warm-up changes nothing.
 *
 * @param step 0-based
 */
export function learningRateAt(step: number, { learningRate, totalSteps, warmup, schedule }: Schedule): number {
  const warmupSteps = Math.ceil(warmup * totalSteps);
  if (step < warmupSteps) return (learningRate * step) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  switch (schedule) {
    case 'linear':
      return learningRate * (1 - progress);
    case 'cosine':
      return (learningRate * (1 + Math.cos(Math.PI * progress))) / 2;
    case 'constant':
      return learningRate;
  }
}

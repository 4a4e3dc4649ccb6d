import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { learningRateAt, type Schedule } from '../../src/training/schedule.ts';

/** Written by golden/schedule.py. */
const cases: (Omit<Schedule, 'learningRate'> & { factors: number[] })[] = JSON.parse(
  readFileSync(new URL('golden/schedule.json', import.meta.url), 'utf8'),
);

test.each(cases)('equals transformers: $schedule, $totalSteps steps, warm-up $warmup', ({ factors, ...schedule }) => {
  for (const [step, factor] of factors.entries()) {
    expect(learningRateAt(step, { ...schedule, learningRate: 1e-4 })).toBeCloseTo(1e-4 * factor, 12);
  }
});

test('stays at 0 past the end', () => {
  const schedule = { learningRate: 1, totalSteps: 10, warmup: 0.1 };
  expect(learningRateAt(15, { ...schedule, schedule: 'linear' })).toBe(0);
  expect(learningRateAt(15, { ...schedule, schedule: 'cosine' })).toBeCloseTo(0, 12);
});

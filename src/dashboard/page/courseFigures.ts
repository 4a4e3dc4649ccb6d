import { signal } from '@preact/signals';
import type { Extremes } from '../wire.ts';
import { experimentName, source } from './store.ts';

/** Runs that are asked for at a time: their journals are read from end to end. */
const atOnce = 50;

const figures = signal<ReadonlyMap<string, Extremes>>(new Map());
const asked = new Set<string>();
let isAsking = false;

/** What is known of a metric in the course of a run; reading it is what makes it be asked for by {@link askForFigures}. */
export function courseFigures(run: string, metric: string): Extremes | undefined {
  return figures.value.get(`${run} ${metric}`);
}

/** Fetches figures of runs that are not there yet, a few at a time, so that those that are seen come first. */
export async function askForFigures(metrics: readonly string[], runs: readonly string[]): Promise<void> {
  if (isAsking) return;
  isAsking = true;
  try {
    for (const metric of metrics) {
      const wanted = runs.filter((run) => !asked.has(`${run} ${metric}`));
      for (let from = 0; from < wanted.length; from += atOnce) {
        const some = wanted.slice(from, from + atOnce);
        const found = await source.extremes(experimentName.value, metric, some);
        const none: Extremes = { min: null, max: null, last: null };
        for (const run of some) asked.add(`${run} ${metric}`);
        figures.value = new Map([
          ...figures.value,
          ...some.map((run) => [`${run} ${metric}`, found[run] ?? none] as const),
        ]);
      }
    }
  } finally {
    isAsking = false;
  }
}

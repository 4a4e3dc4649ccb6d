import { signal } from '@preact/signals';
import type { Extremes } from '../wire.ts';
import { experimentName, source } from './store.ts';

/** Runs that are asked for at a time: their journals are read from end to end. */
const atOnce = 50;
const none: Extremes = { min: null, max: null, last: null };

/** By experiment, run and metric. */
const known = signal<ReadonlyMap<string, Extremes>>(new Map());
const wanted = new Map<string, { readonly experiment: string; readonly metric: string; readonly run: string }>();
let isAsking = false;

function keyOf(experiment: string, metric: string, run: string): string {
  return `${experiment}\n${metric}\n${run}`;
}

/** What is known of a metric in the course of a run. */
export function courseExtremes(run: string, metric: string): Extremes | undefined {
  return known.value.get(keyOf(experimentName.value, metric, run));
}

/** Fetches what is not known yet, some runs after the other. */
export function askForExtremes(metrics: readonly string[], runs: readonly string[]): void {
  const experiment = experimentName.peek();
  for (const metric of metrics) {
    for (const run of runs) {
      const key = keyOf(experiment, metric, run);
      if (!known.peek().has(key)) wanted.set(key, { experiment, metric, run });
    }
  }
  if (!isAsking) void ask();
}

async function ask(): Promise<void> {
  isAsking = true;
  for (let [next] = wanted.values(); next; [next] = wanted.values()) {
    const { experiment, metric } = next;
    const some = [...wanted]
      .filter(([, own]) => own.experiment === experiment && own.metric === metric)
      .slice(0, atOnce);
    const runs = some.map(([, { run }]) => run);
    // What cannot be read has no extremes.
    const found = await source.extremes(experiment, metric, runs).catch(() => ({}) as Record<string, Extremes>);
    for (const [key] of some) wanted.delete(key);
    known.value = new Map([...known.value, ...some.map(([key, { run }]) => [key, found[run] ?? none] as const)]);
  }
  isAsking = false;
}

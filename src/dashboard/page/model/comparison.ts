import type { Interval } from '../../../evaluation/statistics.ts';
import type { Pair } from '../../../report/overSeeds.ts';
import { isCounted } from '../../../report/overSeeds.ts';
import { type ClassifierPredictions, intervalsOverTexts } from '../../../report/overTexts.ts';
import type { RunDetail } from '../../wire.ts';
import type { Run, SweepModel } from './sweep.ts';

/** A setting with its seeds, or a single run. */
export interface Compared {
  readonly id: string;
  readonly label: string;
  /** Those that count. */
  readonly runs: readonly Run[];
  /** There if it is a single one. */
  readonly run?: Run;
}

/** What the ids of picked rows stand for, as far as they are there: `p` and the id of a point's first run, or a run's. */
export function comparedItems(model: SweepModel, ids: readonly string[]): Compared[] {
  return ids.flatMap((id): Compared[] => {
    if (id.startsWith('p')) {
      const point = model.point(id.slice(1));
      return point ? [{ id, label: point.label, runs: point.counted }] : [];
    }
    const run = model.run(id);
    const point = model.points.find(({ runs }) => runs.some((own) => own.id === id));
    if (!run || !point) return [];
    const label = run.seed === null ? point.label : `${point.label} · seed ${run.seed}`;
    return [{ id, label, runs: isCounted(run.status) ? [run] : [], run }];
  });
}

/** Runs of the same seed; an original encoder, and single runs of different seeds, are paired with whatever is there. */
export function pairsOf(first: Compared, other: Compared): Pair[] {
  const [single] = first.runs;
  if (single && first.runs.length === 1 && (single.seed === null || (first.run && other.run))) {
    return other.runs.map((run) => ({ run, baseline: single }));
  }
  const [original] = other.runs;
  if (original?.seed === null) return first.runs.map((baseline) => ({ run: original, baseline }));
  const bySeed = new Map(first.runs.map((run) => [run.seed, run]));
  return other.runs.flatMap((run) => {
    const baseline = bySeed.get(run.seed);
    return baseline ? [{ run, baseline }] : [];
  });
}

/** Intervals over test texts of what a single run has over another. */
export function intervalsOfRuns(
  first: Compared,
  other: Compared,
  details: ReadonlyMap<string, RunDetail>,
): ReadonlyMap<string, Interval> {
  const [a, b] = [first, other].map(({ runs }) => (runs.length === 1 ? details.get(runs[0]?.id ?? '') : undefined));
  return a && b && first !== other ? intervalsOverTexts(a.predictions, b.predictions) : new Map();
}

/** What a classifier gave to the test texts, over all seeds of a setting. */
export function pooledPredictions(
  { runs }: Compared,
  details: ReadonlyMap<string, RunDetail>,
  classifier: string,
): (ClassifierPredictions & { readonly labelNames: readonly string[] }) | undefined {
  const own = runs.flatMap(
    ({ id }) => details.get(id)?.predictions.filter((found) => found.classifier === classifier) ?? [],
  );
  const [first] = own;
  if (!first) return undefined;
  return {
    classifier,
    labelNames: first.labelNames,
    truth: own.flatMap(({ truth }) => truth),
    predicted: own.flatMap(({ predicted }) => predicted),
  };
}

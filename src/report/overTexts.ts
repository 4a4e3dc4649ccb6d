import { type ClassificationScores, classificationScores, type Predictions } from '../evaluation/classification.ts';
import { bootstrapIntervals, type Interval } from '../evaluation/statistics.ts';

export const resamples = 1000;

/** What a classifier gave to the test texts of its corpus. */
export interface ClassifierPredictions extends Predictions {
  /** E.g. `knn`, `sst2.logisticRegression`. */
  readonly classifier: string;
}

/**
 * 95 % intervals of the differences b − a of each score of the classifiers that two runs have, had the test texts been others
 * like them: a paired bootstrap over texts. By metric, e.g. `knn.macroF1`; none where the test texts are not the same.
 */
export function intervalsOverTexts(
  a: readonly ClassifierPredictions[],
  b: readonly ClassifierPredictions[],
): ReadonlyMap<string, Interval> {
  const intervals = new Map<string, Interval>();
  for (const { classifier, truth, predicted } of b) {
    const before = a.find((other) => other.classifier === classifier);
    if (!before || !isEqual(before.truth, truth)) continue;
    const found = bootstrapIntervals(
      truth.length,
      (drawn) =>
        difference(classificationScores(truth, predicted, drawn), classificationScores(truth, before.predicted, drawn)),
      { resamples, seed: 1 },
    );
    for (const [score, interval] of Object.entries(found)) intervals.set(`${classifier}.${score}`, interval);
  }
  return intervals;
}

function difference(a: ClassificationScores, b: ClassificationScores): Record<keyof ClassificationScores, number> {
  return { accuracy: a.accuracy - b.accuracy, macroF1: a.macroF1 - b.macroF1, weightedF1: a.weightedF1 - b.weightedF1 };
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
}

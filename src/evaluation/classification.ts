/** Scores of a classifier, each from 0 to 1. */
export interface ClassificationScores {
  readonly accuracy: number;
  /** Mean of the classes' F1, each class alike. */
  readonly macroF1: number;
  /** Mean of the classes' F1, weighted by how often the class is true. */
  readonly weightedF1: number;
}

/**
 * Accuracy and F1 as scikit-learn defines them (`f1_score` with `zero_division=0`): the classes are those that occur in
 * the truth or the prediction, and the F1 of a class is 2·hits / (true + predicted).
 *
 * @param truth class numbers from 0, at least one
 * @param predicted class numbers in the same order
 */
export function classificationScores(truth: ArrayLike<number>, predicted: ArrayLike<number>): ClassificationScores {
  if (truth.length === 0 || truth.length !== predicted.length) {
    throw new RangeError(`cannot score ${predicted.length} predictions against ${truth.length} labels`);
  }
  const classes = new Map<number, { hits: number; truth: number; predicted: number }>();
  const countsOf = (label: number) => {
    const known = classes.get(label);
    if (known) return known;
    const counts = { hits: 0, truth: 0, predicted: 0 };
    classes.set(label, counts);
    return counts;
  };
  for (let i = 0; i < truth.length; i++) {
    const counts = countsOf(truth[i] as number);
    counts.truth++;
    countsOf(predicted[i] as number).predicted++;
    if (truth[i] === predicted[i]) counts.hits++;
  }
  let hits = 0;
  let f1Sum = 0;
  let weightedSum = 0;
  for (const counts of classes.values()) {
    const f1 = (2 * counts.hits) / (counts.truth + counts.predicted);
    hits += counts.hits;
    f1Sum += f1;
    weightedSum += f1 * counts.truth;
  }
  return { accuracy: hits / truth.length, macroF1: f1Sum / classes.size, weightedF1: weightedSum / truth.length };
}

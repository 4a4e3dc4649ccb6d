import { z } from 'zod';
import { pairsSchema } from '../data/circumplex.ts';
import { classificationReport, classificationScores } from './classification.ts';
import type { MeasureName } from './measures.ts';
import { thresholdSchema } from './multiLabel.ts';
import { type Probabilities, probabilityScores } from './probabilities.ts';

/** What is asked of a trained classification head beside its scores on the test texts. */
export const classifierEvaluationSchema = z.strictObject({
  /** Sentences that it classifies for the reader. They are part of a cell's identity; `yarn predict` asks later. */
  examples: z.array(z.string().min(1)).default([]),
  /** Where texts may have several classes: how likely one has to be to be given. */
  threshold: thresholdSchema.default('tuned'),
  /** Classes that contradict each other, where that is counted. Default: each pleasant class with each unpleasant one. */
  contradictions: pairsSchema.optional(),
  /** Probability above which it counts as sure of a class, where being sure of two that contradict each other is counted. */
  sureAbove: z.number().min(0).lt(1).default(0.2),
});

/**
 * Scores of a trained classification head, as scikit-learn defines them: those of its predictions, among them the ROC-AUC
 * of hard predictions (see {@link classificationReport}), and those of its probabilities.
 *
 * @param truth class numbers from 0, at least one
 */
export function classifierScores(
  truth: ArrayLike<number>,
  { predicted, probabilities }: { readonly predicted: ArrayLike<number>; readonly probabilities: Probabilities },
  labelNames: readonly string[],
) {
  const { macro, weighted, hardRocAuc } = classificationReport({ truth, predicted }, labelNames);
  return {
    ...classificationScores(truth, predicted),
    macroPrecision: macro.precision,
    macroRecall: macro.recall,
    weightedPrecision: weighted.precision,
    hardRocAuc: hardRocAuc.macro,
    hardRocAucWeighted: hardRocAuc.weighted,
    ...probabilityScores(truth, probabilities),
  } satisfies Partial<Record<MeasureName, number>>;
}

import { z } from 'zod';
import type { ClassReport } from './classification.ts';
import { type Probabilities, type ProbabilityScores, rocScores } from './probabilities.ts';

/** Which texts have which classes: [texts · classes], row by row, 1 or 0. */
export type Truths = Uint8Array;

/** Scores of a classifier that may give several classes to a text, each from 0 to 1 unless it says otherwise. */
export interface MultiLabelScores extends Pick<ProbabilityScores, 'rocAuc' | 'rocAucWeighted'> {
  /** Share of texts all of whose classes are right. */
  readonly accuracy: number;
  /** Mean of the classes' F1, each class alike. */
  readonly macroF1: number;
  /** F1 of all decisions together. */
  readonly microF1: number;
  /** Mean of the classes' F1, weighted by how often the class is true. */
  readonly weightedF1: number;
  readonly macroPrecision: number;
  readonly macroRecall: number;
  /** Share of wrong decisions. */
  readonly hammingLoss: number;
  /** Mean of −ln p of what is true, over texts and classes; p is at least 2.2e-16. */
  readonly logLoss: number;
}

/**
 * How likely a class has to be to be given: a number for all, or the one with the highest macro F1 on validation texts, or for
 * each class the one with its highest F1 there.
 */
export const thresholdSchema = z.union([z.number().gt(0).lt(1), z.enum(['tuned', 'tunedPerClass'])]);
export type ThresholdChoice = z.output<typeof thresholdSchema>;

/** Thresholds that are tried: .05 to .95, as in Emo Pillars (arXiv 2504.16856). */
const candidates: readonly number[] = Array.from({ length: 91 }, (_, i) => (5 + i) / 100);

/**
 * The threshold of each class; of several that are equally good the smallest. Where none finds a class at all, as where no
 * text has it, the one for all classes takes its place, and .5 where that finds none either: the smallest would give the
 * class to nearly every text.
 *
 * @param truths of texts on which they may be chosen: never of those that they are then judged on
 */
export function chooseThresholds(choice: ThresholdChoice, truths: Truths, probabilities: Probabilities): number[] {
  const { classes } = probabilities;
  if (typeof choice === 'number') return Array(classes).fill(choice);
  const scores = candidates.map((threshold) =>
    countsOf(truths, probabilities, Array(classes).fill(threshold)).map((counts) => f1(counts)),
  );
  const best = (score: (of: readonly number[]) => number) => {
    const values = scores.map(score);
    const highest = Math.max(...values);
    return highest > 0 ? candidates[values.indexOf(highest)] : undefined;
  };
  const forAll = best((values) => values.reduce((sum, value) => sum + value, 0) / values.length) ?? 0.5;
  return choice === 'tuned'
    ? Array(classes).fill(forAll)
    : Array.from({ length: classes }, (_, label) => best((of) => of[label] as number) ?? forAll);
}

/** Class numbers that each text is given: those at least as likely as their thresholds. */
export function decide({ values, classes }: Probabilities, thresholds: readonly number[]): number[][] {
  return Array.from({ length: values.length / classes }, (_, text) =>
    thresholds.flatMap((threshold, label) => ((values[text * classes + label] as number) >= threshold ? [label] : [])),
  );
}

/**
 * As scikit-learn defines them (`f1_score`, `precision_score` and `recall_score` of indicator matrices with `zero_division=0`,
 * `accuracy_score`, `hamming_loss`, and `roc_auc_score` over the classes that some texts have and others have not).
 *
 * @param truths of at least one text
 */
export function multiLabelScores(
  truths: Truths,
  probabilities: Probabilities,
  thresholds: readonly number[],
): MultiLabelScores {
  const { values, classes } = probabilities;
  const texts = values.length / classes;
  if (texts === 0 || truths.length !== values.length) {
    throw new RangeError(`cannot score ${values.length} probabilities against ${truths.length} decisions`);
  }
  const isTrue = (text: number, label: number) => truths[text * classes + label] === 1;
  const at = (text: number, label: number) => values[text * classes + label] as number;
  const counts = countsOf(truths, probabilities, thresholds);
  const sum = (of: (own: Counts) => number) => counts.reduce((total, own) => total + of(own), 0);
  const support = sum(({ truth }) => truth);
  const wrong = sum(({ truth, predicted, hits }) => truth + predicted - 2 * hits);
  let allRight = 0;
  let loss = 0;
  for (let text = 0; text < texts; text++) {
    let isRight = true;
    for (let label = 0; label < classes; label++) {
      const p = values[text * classes + label] as number;
      isRight &&= p >= (thresholds[label] as number) === isTrue(text, label);
      loss -= Math.log(Math.min(1, Math.max(Number.EPSILON, isTrue(text, label) ? p : 1 - p)));
    }
    allRight += Number(isRight);
  }
  return {
    accuracy: allRight / texts,
    macroF1: sum(f1) / classes,
    microF1: share(2 * sum(({ hits }) => hits), support + sum(({ predicted }) => predicted)),
    weightedF1: share(
      sum((own) => own.truth * f1(own)),
      support,
    ),
    macroPrecision: sum(({ hits, predicted }) => share(hits, predicted)) / classes,
    macroRecall: sum(({ hits, truth }) => share(hits, truth)) / classes,
    hammingLoss: wrong / values.length,
    logLoss: loss / values.length,
    ...rocScores({ texts, classes, isTrue, at }),
  };
}

/** Precision, recall and F1 of each class by the class numbers that texts have and were given. */
export function multiLabelReport(
  truth: readonly (readonly number[])[],
  predicted: readonly (readonly number[])[],
  labelNames: readonly string[],
): ClassReport[] {
  return labelNames.map((label, i) => {
    const counts = { truth: 0, predicted: 0, hits: 0 };
    for (const [text, own] of truth.entries()) {
      const [isTrue, isGiven] = [own.includes(i), predicted[text]?.includes(i) ?? false];
      counts.truth += Number(isTrue);
      counts.predicted += Number(isGiven);
      counts.hits += Number(isTrue && isGiven);
    }
    return {
      label,
      precision: share(counts.hits, counts.predicted),
      recall: share(counts.hits, counts.truth),
      f1: f1(counts),
      support: counts.truth,
    };
  });
}

/** How often a class is true, given, and both. */
interface Counts {
  readonly truth: number;
  readonly predicted: number;
  readonly hits: number;
}

function countsOf(truths: Truths, { values, classes }: Probabilities, thresholds: readonly number[]): Counts[] {
  const counts = Array.from({ length: classes }, () => ({ truth: 0, predicted: 0, hits: 0 }));
  for (let place = 0; place < values.length; place++) {
    const label = place % classes;
    const own = counts[label] as (typeof counts)[number];
    const isGiven = (values[place] as number) >= (thresholds[label] as number);
    own.truth += truths[place] as number;
    own.predicted += Number(isGiven);
    own.hits += Number(isGiven && truths[place] === 1);
  }
  return counts;
}

function f1({ truth, predicted, hits }: Counts): number {
  return share(2 * hits, truth + predicted);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

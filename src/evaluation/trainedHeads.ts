import * as tf from '@tensorflow/tfjs-core';
import type { AffectPlaces, Contradiction } from '../data/circumplex.ts';
import type { AffectHead } from '../heads/affectHead.ts';
import type { ClassificationHead } from '../heads/classificationHead.ts';
import type { Activation } from '../objectives/objective.ts';
import { affectScores } from './affect.ts';
import { classifierScores } from './classifier.ts';
import { type Classified, classify } from './classify.ts';
import { contradictionRate } from './contradictionRate.ts';
import type { LabelledEmbeddings } from './evaluator.ts';
import { type Matrix, rowRanges, rowsTensor } from './matrix.ts';
import { chooseThresholds, multiLabelScores, type ThresholdChoice, type Truths } from './multiLabel.ts';
import { sharesOf } from './probabilities.ts';

/** What was trained on top of an encoder, and how it is to be understood. */
export interface TrainedHeads {
  readonly classification: ClassificationHead | null;
  readonly affect: AffectHead | null;
  readonly activation: Activation;
  readonly labelNames: readonly string[];
  /** Classes that contradict each other; none: it is not measured. */
  readonly contradictions: readonly Contradiction[];
  /** Where texts may have several classes: how likely one has to be to be given. */
  readonly threshold: ThresholdChoice;
  /** Probability above which it counts as sure of a class. */
  readonly sureAbove: number;
  /** Of the classes, by which the affect head is judged; NaN in dimensions that it was not trained on. */
  readonly places: AffectPlaces;
}

/** Labelled texts, embedded. */
export interface JudgedTexts extends LabelledEmbeddings {
  /** All classes of each text, where it may have several. */
  readonly truths?: Truths | undefined;
  /** The kind of each text, such as whether it needs its context; scores are given of each kind too. */
  readonly kinds?: readonly string[] | undefined;
}

export interface HeadScores {
  /** `classifier.measure`, `classifier.kind.measure`, `affect.measure`. */
  readonly metrics: Record<string, number>;
  /** What the classification head made of each text, if there is one. */
  readonly classified: Classified | null;
  /** By which classes were given, where texts may have several. */
  readonly thresholds: readonly number[] | null;
}

/**
 * Scores of trained heads on labelled texts.
 *
 * @param thresholds where texts may have several classes; default: chosen on these very texts, as is right for validation
 */
export async function evaluateHeads(
  heads: TrainedHeads,
  texts: JudgedTexts,
  thresholds?: readonly number[] | null,
): Promise<HeadScores> {
  const { classification, affect, labelNames, contradictions, sureAbove, places } = heads;
  const { embeddings, labels, truths, kinds } = texts;
  const metrics: Record<string, number> = {};
  const add = (name: string, scores: Readonly<Record<string, number>>) => {
    for (const [measure, score] of Object.entries(scores)) metrics[`${name}.${measure}`] = score;
  };
  if (affect) add('affect', { ...affectScores(await foundBy(affect, embeddings), labels, places) });
  if (!classification) return { metrics, classified: null, thresholds: null };

  const classified = await classify(classification, embeddings, heads.activation);
  const { predicted, probabilities } = classified;
  const chosen = truths ? (thresholds ?? chooseThresholds(heads.threshold, truths, probabilities)) : null;
  const scoresOf = (items: Int32Array): Readonly<Record<string, number>> => {
    const own = rowsOf(probabilities, items);
    if (truths && chosen)
      return { ...multiLabelScores(rowsOf({ ...probabilities, values: truths }, items).values, own, chosen) };
    const result = { predicted: Int32Array.from(items, (i) => predicted[i] as number), probabilities: sharesOf(own) };
    return classifierScores(
      Int32Array.from(items, (i) => labels[i] as number),
      result,
      labelNames,
    );
  };
  add('classifier', scoresOf(Int32Array.from(labels.keys())));
  for (const kind of new Set(kinds)) {
    add(`classifier.${kind}`, scoresOf(Int32Array.from(labels.keys()).filter((i) => kinds?.[i] === kind)));
  }
  if (contradictions.length > 0) {
    add('classifier', { contradictionRate: contradictionRate(probabilities, labelNames, contradictions, sureAbove) });
  }
  return { metrics, classified, thresholds: chosen };
}

/** The rows of some texts. */
function rowsOf<V extends Float32Array | Uint8Array>(
  { values, classes }: { readonly values: V; readonly classes: number },
  items: Int32Array,
): { readonly values: V; readonly classes: number } {
  const own = values.slice(0, items.length * classes) as V;
  items.forEach((item, row) => {
    own.set(values.subarray(item * classes, (item + 1) * classes), row * classes);
  });
  return { values: own, classes };
}

/** [texts, 2], row by row. */
async function foundBy({ affect }: AffectHead, embeddings: Matrix): Promise<Float32Array> {
  const found = new Float32Array(2 * embeddings.rows);
  for (const range of rowRanges(embeddings.rows, 4096)) {
    const some = tf.tidy(() => affect(rowsTensor(embeddings, range)));
    found.set(await some.data<'float32'>(), 2 * range.from);
    some.dispose();
  }
  return found;
}

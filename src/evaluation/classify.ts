import * as tf from '@tensorflow/tfjs-core';
import type { ClassificationHead } from '../heads/classificationHead.ts';
import type { Activation } from '../objectives/objective.ts';
import { type Matrix, rowRanges, rowsTensor } from './matrix.ts';
import type { Probabilities } from './probabilities.ts';

/** What a classification head makes of some texts. */
export interface Classified {
  /** The class of the highest score, of equal ones the first; [texts]. */
  readonly predicted: Int32Array;
  readonly probabilities: Probabilities & { readonly values: Float32Array };
  /** Whether all scores are; where not, every class is as likely as the others. */
  readonly finite: boolean;
}

/** Rows that are classified at a time. */
const chunk = 4096;

/**
 * What a head makes of texts, without dropout; a head for several tasks as that of the first.
 *
 * @param embeddings [texts, d], as the head's encoder gives them
 * @param activation what makes probabilities of the scores
 */
export async function classify(
  head: ClassificationHead,
  embeddings: Matrix,
  activation: Activation = 'softmax',
): Promise<Classified> {
  const [classes = 0] = head.tasks;
  const predicted = new Int32Array(embeddings.rows);
  const values = new Float32Array(embeddings.rows * classes);
  for (const range of rowRanges(embeddings.rows, chunk)) {
    const [best, shares] = tf.tidy(() => {
      const scores = tf.slice2d(head.logits(rowsTensor(embeddings, range)), [0, 0], [-1, classes]);
      return [tf.argMax(scores, 1), activation === 'softmax' ? tf.softmax(scores) : tf.sigmoid(scores)];
    }) as [tf.Tensor1D, tf.Tensor2D];
    predicted.set(await best.data<'int32'>(), range.from);
    values.set(await shares.data<'float32'>(), range.from * classes);
    tf.dispose([best, shares]);
  }
  const finite = values.every(Number.isFinite);
  if (!finite) values.fill(1 / classes);
  return { predicted, probabilities: { values, classes }, finite };
}

import type * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';

/** The classes of the training texts. */
export interface Classes {
  /** In the order that numbers them. */
  readonly names: readonly string[];
  /** Training texts of each. */
  readonly counts: Int32Array;
}

/** The classes of training texts by the label of each. */
export function countClasses(names: readonly string[], labels: Int32Array): Classes {
  const counts = new Int32Array(names.length);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return { names, counts };
}

/** Of a classification head: a text has one class, or each class is by itself. */
export type Activation = 'softmax' | 'sigmoid';

/** What an objective may look at: one batch of B items. What nobody asks for is not there. */
export interface ObjectiveInputs {
  /** [B, d], the encoder's embeddings. */
  readonly embeddings: tf.Tensor2D;
  /** [B, d], the frozen encoder's embeddings of the same texts. */
  readonly frozen?: tf.Tensor2D | null;
  /** [B, out], the projection head's output, L2-normalised. */
  readonly projections?: tf.Tensor2D | null;
  /** [B, classes], the classification head's scores before softmax or sigmoid. */
  readonly logits?: tf.Tensor2D | null;
  /** [B, 2], the affect head's valence (−1 to 1) and intensity (0 to 1). */
  readonly affect?: tf.Tensor2D | null;
  /** [B, classes], how strong each class is in each text, 0 to 1. */
  readonly targets?: tf.Tensor2D | null;
  /** What makes probabilities of the scores. Default: softmax. */
  readonly activation?: Activation;
  /** Classes of each task, in the order of the scores. Default: one task with all classes. */
  readonly tasks?: readonly number[];
  /** [B], class numbers. */
  readonly labels: Int32Array;
  /** Not there where nothing is classified. */
  readonly classes?: Classes;
}

/** An input that costs something to provide and is provided only if an objective asks for it. */
export type Need = 'frozen' | 'projections' | 'logits' | 'affect' | 'targets' | 'labels';

/** The inputs of an objective that declared its needs: what it asked for is there. */
export type InputsWith<N extends Need> = ObjectiveInputs & { readonly [K in N]: NonNullable<ObjectiveInputs[K]> };

/** A loss of one batch, in plain differentiable tf operations. Registered in `index.ts`. */
export interface Objective<Schema extends z.ZodObject = z.ZodObject, N extends Need = Need> {
  /** A strict object with defaults. The weight is not among the options, every term of a weighted sum has one. */
  readonly schema: Schema;
  readonly needs: readonly N[];
  /** Whether it is a squared error, which the weights that are learned treat in another way. Default: not. */
  readonly isRegression?: boolean;
  /** A finite scalar for every batch, also for one that has nothing to learn from. */
  loss(inputs: InputsWith<N>, options: z.output<Schema>): tf.Scalar;
  /** What to report of a batch beside the loss, by name. */
  counts?(labels: Int32Array): Record<string, number>;
}

/** An identity function that checks an objective's type and gives `loss` the inputs that `needs` asks for. */
export function defineObjective<Schema extends z.ZodObject, const N extends Need>(
  objective: Objective<Schema, N>,
): Objective<Schema, N> {
  return objective;
}

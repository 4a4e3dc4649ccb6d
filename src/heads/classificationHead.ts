import * as tf from '@tensorflow/tfjs-core';
import { stream } from '../random.ts';
import { createLinearLayer } from './linearLayer.ts';

/** Maps embeddings to a score for each class by one affine map. */
export interface ClassificationHead {
  /** Classes of each task, in the order of the scores. */
  readonly tasks: readonly number[];
  /** By the names that the parameters would have in a PyTorch module called `classifier`. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** [B, inputSize] → [B, classes], before the softmax. */
  logits(h: tf.Tensor2D): tf.Tensor2D;
}

/**
 * A new head; its start follows from the seed alone.
 *
 * @param tasks the number of classes of each task; with several, the classes of one follow those of another
 */
export function createClassificationHead(
  tasks: readonly number[],
  inputSize: number,
  seed: number,
): ClassificationHead {
  const classes = tasks.reduce((sum, own) => sum + own, 0);
  const { weight, bias, apply } = createLinearLayer(inputSize, classes, stream(seed, 'classifier'));
  return {
    tasks,
    variables: new Map<string, tf.Variable>([
      ['classifier.weight', weight],
      ['classifier.bias', bias],
    ]),
    logits: (h) => tf.tidy(() => apply(h)),
  };
}

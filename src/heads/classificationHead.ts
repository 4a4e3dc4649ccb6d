import * as tf from '@tensorflow/tfjs-core';
import { stream } from '../random.ts';
import { createLinearLayer } from './linearLayer.ts';

/** Maps embeddings to a score for each class by one affine map. */
export interface ClassificationHead {
  /** By the names that the parameters would have in a PyTorch module called `classifier`. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** [B, inputSize] → [B, classes], before the softmax. */
  logits(h: tf.Tensor2D): tf.Tensor2D;
}

/** A new head; its start follows from the seed alone. */
export function createClassificationHead(classes: number, inputSize: number, seed: number): ClassificationHead {
  const { weight, bias, apply } = createLinearLayer(inputSize, classes, stream(seed, 'classifier'));
  return {
    variables: new Map<string, tf.Variable>([
      ['classifier.weight', weight],
      ['classifier.bias', bias],
    ]),
    logits: (h) => tf.tidy(() => apply(h)),
  };
}

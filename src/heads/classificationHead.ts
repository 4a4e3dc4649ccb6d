import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { HeadDropout } from '../encoders/dropout.ts';
import type { Encoder } from '../encoders/encoder.ts';
import { stream } from '../random.ts';
import { createLinearLayer } from './linearLayer.ts';
import { createSequenceClassificationHead, labelNamesOf } from './sequenceClassificationHead.ts';

/** The `classifier` part of an experiment. */
export const classifierSchema = z.strictObject({
  /**
   * `linear`: one affine map. `sequenceClassification`: the head that the encoder's architecture has in `transformers`
   * (DistilBERT's pre-classifier, BERT's pooler, RoBERTa's dense layer, each with dropout), with which it is saved.
   */
  kind: z.enum(['linear', 'sequenceClassification']).default('linear'),
});

export type ClassifierConfig = z.output<typeof classifierSchema>;

/** Maps embeddings to a score for each class. */
export interface ClassificationHead {
  readonly kind: ClassifierConfig['kind'];
  /** Classes of each task, in the order of the scores. */
  readonly tasks: readonly number[];
  /** By the names that the parameters have in `transformers`, or would have in a PyTorch module called `classifier`. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /**
   * [B, inputSize] → [B, classes], before softmax or sigmoid.
   *
   * @param dropout default: none
   */
  logits(h: tf.Tensor2D, dropout?: HeadDropout): tf.Tensor2D;
}

/** What a classification head is made for. */
export interface ClassificationOptions extends ClassifierConfig {
  /** The number of classes of each task; with several, the classes of one follow those of another. */
  readonly tasks: readonly number[];
  readonly labelNames: readonly string[];
}

/** A new head; its start follows from the seed and from what the encoder's files hold of such a head. */
export function createClassificationHead(
  { kind, tasks, labelNames }: ClassificationOptions,
  encoder: Pick<Encoder, 'config' | 'source'>,
  seed: number,
): ClassificationHead {
  const random = stream(seed, 'classifier');
  if (kind === 'sequenceClassification') {
    // A classifier that is trained on goes on with its output layer, if it is one of the same classes.
    const takesOutput = labelNamesOf(encoder.source.configFile)?.join('\n') === labelNames.join('\n');
    return createSequenceClassificationHead(encoder, { classes: labelNames.length, takesOutput, random });
  }
  const classes = tasks.reduce((sum, own) => sum + own, 0);
  const { weight, bias, apply } = createLinearLayer(encoder.config.hiddenSize, classes, random);
  return {
    kind,
    tasks,
    variables: new Map<string, tf.Variable>([
      ['classifier.weight', weight],
      ['classifier.bias', bias],
    ]),
    logits: (h) => tf.tidy(() => apply(h)),
  };
}

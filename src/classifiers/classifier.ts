import type { Encoder } from '../encoders/encoder.ts';
import type { ClassificationHead } from '../heads/classificationHead.ts';

/** An encoder with the head of its architecture's `ForSequenceClassification`. */
export interface Classifier {
  readonly encoder: Encoder;
  /** Of the kind `sequenceClassification`. */
  readonly head: ClassificationHead;
  /** In the order of the head's scores. */
  readonly labelNames: readonly string[];
  /** Whether a text has one class (softmax) or may have several (sigmoid). */
  readonly labelling: 'single' | 'multi';
}

/** Frees the encoder's and the head's variables. */
export function disposeClassifier({ encoder, head }: Classifier): void {
  encoder.dispose();
  for (const variable of head.variables.values()) variable.dispose();
}

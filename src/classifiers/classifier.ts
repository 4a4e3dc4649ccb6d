import type { Encoder } from '../encoders/encoder.ts';
import type { ClassificationHead } from '../heads/classificationHead.ts';
import type { Activation } from '../objectives/objective.ts';

/** An encoder with the head of its architecture's `ForSequenceClassification`. */
export interface Classifier {
  readonly encoder: Encoder;
  /** Of the kind `sequenceClassification`. */
  readonly head: ClassificationHead;
  /** In the order of the head's scores. */
  readonly labelNames: readonly string[];
  /** `softmax`: a text has one class; `sigmoid`: it may have several. */
  readonly activation: Activation;
  /** Longest text in tokens that it was trained on, where that is known. */
  readonly maxLength?: number;
  /** How texts with contexts are tokenised, as the tokeniser's `encode` takes it. Default: `own`. */
  readonly segments?: 'own' | 'two';
  /** Whether it was trained on texts with contexts, where that is known. */
  readonly contextual?: boolean;
  /** With sigmoids: how likely each class has to be to be given. Default: .5. */
  readonly thresholds?: readonly number[];
}

/** Frees the encoder's and the head's variables. */
export function disposeClassifier({ encoder, head }: Classifier): void {
  encoder.dispose();
  for (const variable of head.variables.values()) variable.dispose();
}

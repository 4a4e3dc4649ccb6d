import * as tf from '@tensorflow/tfjs-core';
import type { Classifier } from '../../src/classifiers/classifier.ts';
import { collate } from '../../src/text/batch.ts';

/** The scores of texts, without dropout, one text at a time. */
export function logitsOf(
  { encoder, head }: Pick<Classifier, 'encoder' | 'head'>,
  texts: readonly string[],
  maxLength: number,
  contexts?: readonly string[],
): number[][] {
  const tokens = encoder.tokeniser.encode(texts, maxLength, contexts);
  return texts.map((_, i) =>
    tf.tidy(() => {
      const embedding = encoder.embed(collate(tokens, [i], encoder.tokeniser.padId), 'cls');
      return head.logits(embedding).arraySync()[0] as number[];
    }),
  );
}

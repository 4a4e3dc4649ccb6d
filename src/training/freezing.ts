import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { architectureOf, embeddingNames } from '../encoders/architecture.ts';
import type { Encoder } from '../encoders/encoder.ts';

/** What of an encoder stays as it is. */
export const freezeSchema = z.strictObject({
  /** The table of word embeddings, which is half of a small model and whose rows are rarely seen in few steps. */
  wordEmbeddings: z.boolean().default(false),
  /** So many of the lowest layers, and with the first of them all embeddings; nothing flows back through them. */
  layers: z.int().min(0).default(0),
});

export type Freeze = z.output<typeof freezeSchema>;

/** The variables of an encoder that are trained, by name. */
export function trainableVariables(
  { config, variables, source }: Pick<Encoder, 'config' | 'variables' | 'source'>,
  { wordEmbeddings, layers }: Freeze,
): ReadonlyMap<string, tf.Variable> {
  const frozen: string[] = wordEmbeddings ? [embeddingNames.words] : [];
  if (layers > 0) frozen.push('embeddings.');
  for (let layer = 0; layer < layers; layer++) {
    frozen.push(...Object.values(architectureOf(config).layerNames(layer)).map((name) => `${name}.`));
  }
  const isFrozen = (name: string) => frozen.some((start) => name.slice(source.prefix.length).startsWith(start));
  return new Map([...variables].filter(([name]) => !isFrozen(name)));
}

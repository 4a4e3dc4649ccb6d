import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { embeddingNames } from './architecture.ts';
import { createEncoder, type Encoder } from './encoder.ts';

/**
 * How many segments an encoder tells apart: as many as it has token types, or `two`, for which an encoder with one type, as
 * RoBERTa, gets a second one that starts equal to it.
 */
export const segmentsSchema = z.enum(['own', 'two']);

/**
 * The same encoder with two token types, the second equal to the first, so that it computes the same as before; unchanged if
 * it has two. What is given belongs to the result from now on.
 *
 * @throws RangeError if it has no table of token types
 */
export function withTwoTokenTypes(encoder: Encoder): Encoder {
  const { config, source } = encoder;
  if (config.tokenTypes >= 2) return encoder;
  const name = source.prefix + embeddingNames.tokenTypes;
  const table = encoder.variables.get(name);
  if (!table) throw new RangeError(`${encoder.name} has no token types`);
  const enlarged = tf.tidy(() => tf.variable(tf.concat([table, table], 0)));
  table.dispose();
  return createEncoder({
    ...encoder,
    config: { ...config, tokenTypes: 2 },
    variables: new Map([...encoder.variables].map(([own, variable]) => [own, own === name ? enlarged : variable])),
    source: { ...source, configFile: { ...source.configFile, type_vocab_size: 2 } },
  });
}

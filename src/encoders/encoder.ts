import * as tf from '@tensorflow/tfjs-core';
import { type Problem, UserError } from '../errors.ts';
import type { TokenBatch } from '../text/batch.ts';
import type { Tokeniser } from '../text/tokeniser.ts';
import type { EncoderConfig } from './config.ts';
import type { Dropout } from './dropout.ts';
import { forward } from './forward.ts';
import type { StoredTensor } from './safetensors.ts';

/** A transformer encoder with its tokeniser. */
export interface Encoder {
  /** What it was asked for by: `mini`, `owner/name` or a folder. */
  readonly name: string;
  readonly config: EncoderConfig;
  readonly tokeniser: Tokeniser;
  /** SHA-256 of the configuration, the tokeniser and the weights that it was loaded from. */
  readonly hash: string;
  /** The trainable tensors by the names that they have in the model's file, in its orientation ([out, in]). */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /**
   * The last layer's hidden states, [batch, length, hiddenSize]; those at padding mean nothing.
   * Differentiable by `variables`.
   *
   * @throws UserError `ENCODER_TEXT_TOO_LONG` for a batch longer than `config.maxLength`
   */
  hiddenStates(batch: TokenBatch, dropout?: Dropout): tf.Tensor3D;
  dispose(): void;
  /** What {@link saveEncoder} needs beside the variables to write the folder again. */
  readonly source: EncoderSource;
}

/** The parts of a model's folder that training leaves as they are. */
export interface EncoderSource {
  /** config.json as it was. */
  readonly configFile: Readonly<Record<string, unknown>>;
  /** The tokeniser's files by name. */
  readonly tokeniserFiles: ReadonlyMap<string, Uint8Array>;
  /** Tensors that the forward pass does not read: a pooler, a language-model head. */
  readonly otherTensors: ReadonlyMap<string, StoredTensor>;
  /** What precedes the architecture's own names in `variables`. */
  readonly prefix: string;
}

/** An encoder over tensors that are already there; it owns them from now on. */
export function createEncoder(
  parts: Pick<Encoder, 'name' | 'config' | 'tokeniser' | 'hash' | 'variables' | 'source'>,
): Encoder {
  const { variables, config, source } = parts;
  const weights = (name: string) => {
    const found = variables.get(source.prefix + name);
    if (!found) throw new RangeError(`no tensor ${source.prefix}${name}`);
    return found;
  };
  return {
    ...parts,
    hiddenStates(batch, dropout) {
      if (batch.length > config.maxLength) throw new UserError(tooLong(parts.name, batch.length, config.maxLength));
      return forward(config, weights, batch, dropout);
    },
    dispose: () => tf.dispose([...variables.values()]),
  };
}

function tooLong(name: string, length: number, maxLength: number): Problem {
  return {
    code: 'ENCODER_TEXT_TOO_LONG',
    given: `a text of ${length} tokens for ${name}`,
    expected: `at most ${maxLength} tokens, for which it has positions`,
    remedy: `Lower maxLength to ${maxLength}.`,
  };
}

import * as tf from '@tensorflow/tfjs-core';
import { type Problem, UserError } from '../errors.ts';
import type { TokenBatch } from '../text/batch.ts';
import type { Tokeniser } from '../text/tokeniser.ts';
import type { EncoderConfig } from './config.ts';
import { type PassOptions as ForwardOptions, forward, forwardLayers, forwardPooled } from './forward.ts';
import { FrozenLayers } from './frozenLayers.ts';
import type { Pooling } from './pooling.ts';
import type { StoredTensor } from './safetensors.ts';

/** What a pass through an encoder takes. */
export type PassOptions = Omit<ForwardOptions, 'frozen'>;

/** A transformer encoder with its tokeniser. */
export interface Encoder {
  /** What it was asked for by: `mini`, `owner/name` or a folder. */
  readonly name: string;
  readonly config: EncoderConfig;
  readonly tokeniser: Tokeniser;
  /** The trainable tensors by the names that they have in the model's file, in its orientation ([out, in]). */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /**
   * The last layer's hidden states, [batch, length, hiddenSize]; those at padding mean nothing.
   * Differentiable by `variables`.
   *
   * @throws UserError `ENCODER_TEXT_TOO_LONG` for a batch longer than `config.maxLength`, `ENCODER_TEXT_EMPTY`
   */
  hiddenStates(batch: TokenBatch, options?: PassOptions): tf.Tensor3D;
  /**
   * One vector a text, [batch, hiddenSize]. Differentiable by `variables`.
   *
   * @throws UserError `ENCODER_TEXT_TOO_LONG` for a batch longer than `config.maxLength`, `ENCODER_TEXT_EMPTY`
   */
  embed(batch: TokenBatch, pooling: Pooling, options?: PassOptions): tf.Tensor2D;
  /**
   * One vector a text of the embeddings and after each layer, [layers + 1, batch, hiddenSize]; the last are those of
   * `embed`.
   *
   * @throws UserError `ENCODER_TEXT_TOO_LONG` for a batch longer than `config.maxLength`, `ENCODER_TEXT_EMPTY`
   */
  embedLayers(batch: TokenBatch, pooling: Pooling, options?: PassOptions): tf.Tensor3D;
  /**
   * Says that so many of the lowest layers, and the embeddings, stay as they are from now on: `embed` computes them
   * once for each text that it sees without dropout. 0: none.
   */
  freezeLayers(count: number): void;
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

/**
 * An encoder over tensors that are already there; it owns its variables from now on.
 *
 * @param tensors the tensor of a name, where not all are variables. Default: the variables
 */
export function createEncoder(
  parts: Pick<Encoder, 'name' | 'config' | 'tokeniser' | 'variables' | 'source'>,
  tensors: (name: string) => tf.Tensor | undefined = (name) => parts.variables.get(name),
): Encoder {
  const { variables, config, source } = parts;
  const weights = (name: string) => {
    const found = tensors(source.prefix + name);
    if (!found) throw new RangeError(`no tensor ${source.prefix}${name}`);
    return found;
  };
  const check = (batch: TokenBatch) => {
    if (batch.length > config.maxLength) throw new UserError(tooLong(parts.name, batch.length, config.maxLength));
    for (let text = 0; text < batch.size; text++) {
      if (!batch.mask[text * batch.length]) throw new UserError(withoutTokens(parts.name));
    }
  };
  let frozen: FrozenLayers | undefined;
  return {
    ...parts,
    hiddenStates(batch, options) {
      check(batch);
      return forward(config, weights, batch, options);
    },
    embed(batch, pooling, options) {
      check(batch);
      return forwardPooled(config, weights, batch, pooling, options?.dropout ? options : { ...options, frozen });
    },
    embedLayers(batch, pooling, options) {
      check(batch);
      return forwardLayers(config, weights, batch, pooling, options);
    },
    freezeLayers(count) {
      frozen = count > 0 ? new FrozenLayers(count) : undefined;
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

function withoutTokens(name: string): Problem {
  return {
    code: 'ENCODER_TEXT_EMPTY',
    given: `a text of which the tokeniser of ${name} leaves no token`,
    expected: 'at least one token, [CLS] for one',
    remedy: 'Check that tokenizer.json adds special tokens (its post_processor), or remove the text.',
  };
}

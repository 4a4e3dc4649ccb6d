import * as tf from '@tensorflow/tfjs-core';
import type { TokenBatch } from '../text/batch.ts';
import { type Architecture, architectureOf, embeddingNames, type LayerNames } from './architecture.ts';
import { type Blocks, currentBlocks, type Parameters } from './blocks.ts';
import type { EncoderConfig } from './config.ts';
import { type Dropout, type DropoutMask, keepAll } from './dropout.ts';
import type { FrozenLayers } from './frozenLayers.ts';
import { type Packing, packingOf } from './packing.ts';
import type { Pooling } from './pooling.ts';

/** A tensor by its Hugging Face name without prefix. */
export type Weights = (name: string) => tf.Tensor;

/** What a forward pass takes. */
export interface PassOptions {
  /** Default: none. */
  readonly dropout?: Dropout | undefined;
  /** Default: the fastest of the current engine. */
  readonly blocks?: Blocks | undefined;
  /** What is known of the lowest layers; only without dropout. Default: nothing. */
  readonly frozen?: FrozenLayers | undefined;
}

/** The last layer's hidden states, [batch, length, hiddenSize]; those at padding mean nothing. */
export function forward(
  config: EncoderConfig,
  weights: Weights,
  batch: TokenBatch,
  options: PassOptions = {},
): tf.Tensor3D {
  return tf.tidy(() => {
    const pass = new Pass(config, weights, batch, options);
    return tf.reshape(pass.packing.pad(pass.hidden(false)), [batch.size, batch.length, config.hiddenSize]);
  });
}

/**
 * One vector a text, [batch, hiddenSize]. For [CLS] the last layer computes what comes after the keys and values for
 * the first tokens only, on which alone the result depends.
 */
export function forwardPooled(
  config: EncoderConfig,
  weights: Weights,
  batch: TokenBatch,
  pooling: Pooling,
  options: PassOptions = {},
): tf.Tensor2D {
  return tf.tidy(() => {
    const pass = new Pass(config, weights, batch, options);
    return pooling === 'cls' ? pass.hidden(true) : pass.packing.mean(pass.hidden(false));
  });
}

/** One vector a text of the embeddings and after each layer, [layers + 1, batch, hiddenSize]; the last are the text's own. */
export function forwardLayers(
  config: EncoderConfig,
  weights: Weights,
  batch: TokenBatch,
  pooling: Pooling,
  options: PassOptions = {},
): tf.Tensor3D {
  return tf.tidy(() => {
    const pass = new Pass(config, weights, batch, options);
    const pooled = (states: tf.Tensor2D) =>
      pooling === 'cls' ? pass.packing.first(states) : pass.packing.mean(states);
    return tf.stack(pass.allHidden().map(pooled)) as tf.Tensor3D;
  });
}

/** One batch on its way through the layers. */
class Pass {
  readonly packing: Packing;
  readonly #config: EncoderConfig;
  readonly #architecture: Architecture;
  readonly #weights: Weights;
  readonly #batch: TokenBatch;
  readonly #options: PassOptions;
  readonly #blocks: Blocks;

  constructor(config: EncoderConfig, weights: Weights, batch: TokenBatch, options: PassOptions) {
    this.#config = config;
    this.#architecture = architectureOf(config);
    this.#weights = weights;
    this.#batch = batch;
    this.packing = packingOf(batch);
    this.#options = options;
    this.#blocks = options.blocks ?? currentBlocks();
  }

  /** [tokens, hiddenSize], or with `firstOnly` [texts, hiddenSize]: the first tokens' */
  hidden(firstOnly: boolean): tf.Tensor2D {
    const { layers } = this.#config;
    const { frozen } = this.#options;
    if (!frozen) return this.#through(this.#embeddings(), 0, layers, firstOnly);
    const states = frozen.states(this.#batch, (missing) => {
      const pass = new Pass(this.#config, this.#weights, missing, { blocks: this.#blocks });
      return pass.#through(pass.#embeddings(), 0, frozen.count, false);
    });
    if (frozen.count === layers) return firstOnly ? this.packing.first(states) : states;
    return this.#through(states, frozen.count, layers, firstOnly);
  }

  /** The states before the first layer and after each, all [tokens, hiddenSize] */
  allHidden(): tf.Tensor2D[] {
    const states = [this.#embeddings()];
    for (let layer = 0; layer < this.#config.layers; layer++) {
      states.push(this.#through(states[layer] as tf.Tensor2D, layer, layer + 1, false));
    }
    return states;
  }

  /** Through the layers from `from` to before `to`. */
  #through(states: tf.Tensor2D, from: number, to: number, firstOnly: boolean): tf.Tensor2D {
    let hidden = states;
    for (let layer = from; layer < to; layer++) {
      const names = this.#architecture.layerNames(layer);
      hidden = tf.tidy(() => this.#layer(names, hidden, firstOnly && layer === this.#config.layers - 1));
    }
    return hidden;
  }

  #embeddings(): tf.Tensor2D {
    const tables: [name: string, padded: Int32Array][] = [
      [embeddingNames.words, this.#batch.ids],
      [embeddingNames.positions, this.#architecture.positionIds(this.#batch, this.#config)],
    ];
    const { tokenTypes } = this.#config;
    // Encoders with fewer types than a text has segments, as RoBERTa, do not tell the segments apart.
    const types = this.#batch.typeIds.map((type) => Math.min(type, tokenTypes - 1));
    if (tokenTypes > 0) tables.push([embeddingNames.tokenTypes, types]);
    return this.#blocks.embeddings({
      tables: tables.map(([name]) => this.#weights(name) as tf.Tensor2D),
      ids: tables.map(([, padded]) => Int32Array.from(this.packing.places, (place) => padded[place] as number)),
      norm: this.#parameters(embeddingNames.norm),
      epsilon: this.#config.layerNormEpsilon,
      mask: this.#hiddenMask(),
    });
  }

  /** One post-norm layer: attention, then the feed-forward network. */
  #layer(names: LayerNames, x: tf.Tensor2D, firstOnly: boolean): tf.Tensor2D {
    const epsilon = this.#config.layerNormEpsilon;
    const attended = this.#blocks.attention({
      x,
      query: this.#parameters(names.query),
      key: this.#parameters(names.key),
      value: this.#parameters(names.value),
      output: this.#parameters(names.attentionOutput),
      norm: this.#parameters(names.attentionNorm),
      heads: this.#config.heads,
      packing: this.packing,
      firstOnly,
      epsilon,
      probabilityMask: this.#options.dropout?.attention() ?? keepAll,
      outputMask: this.#architecture.dropsAttentionOutput ? this.#hiddenMask() : keepAll,
    });
    return this.#blocks.feedForward({
      x: attended,
      inner: this.#parameters(names.intermediate),
      outer: this.#parameters(names.output),
      norm: this.#parameters(names.outputNorm),
      epsilon,
      mask: this.#hiddenMask(),
    });
  }

  #parameters(name: string): Parameters {
    return { weight: this.#weights(`${name}.weight`), bias: this.#weights(`${name}.bias`) };
  }

  #hiddenMask(): DropoutMask {
    return this.#options.dropout?.hidden() ?? keepAll;
  }
}

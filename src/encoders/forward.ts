import * as tf from '@tensorflow/tfjs-core';
import type { TokenBatch } from '../text/batch.ts';
import { type Architecture, architectureOf, embeddingNames, type LayerNames } from './architecture.ts';
import type { EncoderConfig } from './config.ts';
import type { Dropout } from './dropout.ts';
import { gelu } from './gelu.ts';
import { layerNorm } from './layerNorm.ts';
import { type Packing, packingOf } from './packing.ts';

/** A tensor by its Hugging Face name without prefix. */
export type Weights = (name: string) => tf.Tensor;

interface Pass {
  readonly config: EncoderConfig;
  readonly architecture: Architecture;
  readonly weights: Weights;
  readonly batch: TokenBatch;
  readonly packing: Packing;
  readonly dropout: Dropout | undefined;
  /** [batch, 1, 1, length]; added to attention scores, it takes the weight of padding to exactly 0. */
  readonly paddingScores: tf.Tensor4D;
}

/** The last layer's hidden states, [batch, length, hiddenSize]; those at padding mean nothing. */
export function forward(config: EncoderConfig, weights: Weights, batch: TokenBatch, dropout?: Dropout): tf.Tensor3D {
  return tf.tidy(() => {
    const { size, length } = batch;
    const mask = tf.tensor4d(batch.mask, [size, 1, 1, length]);
    const paddingScores = tf.mul(tf.sub(mask, 1), 1e9) as tf.Tensor4D;
    const architecture = architectureOf(config);
    const pass: Pass = { config, architecture, weights, batch, packing: packingOf(batch), dropout, paddingScores };
    let hidden = embeddings(pass);
    for (let layer = 0; layer < config.layers; layer++) {
      hidden = transformerLayer(pass, pass.architecture.layerNames(layer), hidden);
    }
    return tf.reshape(pass.packing.pad(hidden), [size, length, config.hiddenSize]);
  });
}

/** [tokens, hiddenSize] */
function embeddings(pass: Pass): tf.Tensor2D {
  const { weights, batch, config, architecture, packing } = pass;
  const rows = (name: string, padded: Int32Array) => {
    const ids = Int32Array.from(packing.places, (place) => padded[place] as number);
    return tf.gather(weights(name), tf.tensor1d(ids, 'int32'));
  };
  let sum = tf.add(
    rows(embeddingNames.words, batch.ids),
    rows(embeddingNames.positions, architecture.positionIds(batch, config)),
  );
  if (config.tokenTypes > 0) sum = tf.add(sum, rows(embeddingNames.tokenTypes, batch.typeIds));
  return dropHidden(pass, norm(pass, embeddingNames.norm, sum as tf.Tensor2D));
}

/** One post-norm layer: attention, then the feed-forward network, each with a residual sum and LayerNorm. */
function transformerLayer(pass: Pass, names: LayerNames, x: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const context = dense(pass, names.attentionOutput, selfAttention(pass, names, x));
    const attended = pass.architecture.dropsAttentionOutput ? dropHidden(pass, context) : context;
    const middle = norm(pass, names.attentionNorm, tf.add(x, attended));
    const inner = gelu(dense(pass, names.intermediate, middle));
    const output = dropHidden(pass, dense(pass, names.output, inner));
    return norm(pass, names.outputNorm, tf.add(middle, output));
  });
}

/** Scaled dot-product attention, on the padded form (Vaswani et al. 2017, arXiv:1706.03762). */
function selfAttention(pass: Pass, names: LayerNames, x: tf.Tensor2D): tf.Tensor2D {
  const { batch, config, packing, dropout, paddingScores } = pass;
  const { size, length } = batch;
  const headWidth = config.hiddenSize / config.heads;
  const heads = (name: string) =>
    tf.transpose(tf.reshape(packing.pad(dense(pass, name, x)), [size, length, config.heads, headWidth]), [0, 2, 1, 3]);
  const query = tf.mul(heads(names.query), 1 / Math.sqrt(headWidth));
  const scores = tf.add(tf.matMul(query, heads(names.key), false, true), paddingScores);
  const probabilities = tf.softmax(scores);
  const context = tf.matMul(dropout ? dropout.attention(probabilities) : probabilities, heads(names.value));
  return packing.pack(tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [size * length, config.hiddenSize]));
}

function dense({ weights }: Pass, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(x, weights(`${name}.weight`) as tf.Tensor2D, false, true), weights(`${name}.bias`));
}

function norm({ weights, config }: Pass, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return layerNorm(x, weights(`${name}.weight`), weights(`${name}.bias`), config.layerNormEpsilon);
}

function dropHidden({ dropout }: Pass, x: tf.Tensor2D): tf.Tensor2D {
  return dropout ? dropout.hidden(x) : x;
}

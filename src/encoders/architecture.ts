import type { z } from 'zod';
import type { TokenBatch } from '../text/batch.ts';
import { bert } from './bert.ts';
import type { EncoderConfig } from './config.ts';
import { distilBert } from './distilBert.ts';
import { roberta } from './roberta.ts';
import { xlmRoberta } from './xlmRoberta.ts';

/** Names of a layer's parts; each has a `.weight` ([out, in] or [width]) and a `.bias`. */
export interface LayerNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly intermediate: string;
  readonly output: string;
  readonly outputNorm: string;
}

/**
 * The head of an architecture's `ForSequenceClassification` in `transformers`, on the hidden state of [CLS]: dropout where
 * it `dropsInput`, a dense layer as wide as the encoder, its activation, dropout, and the output layer.
 */
export interface SequenceClassifierShape {
  /** Name of the dense layer. */
  readonly hidden: string;
  readonly activation: 'tanh' | 'relu';
  /** Name of the output layer. */
  readonly output: string;
  readonly dropsInput: boolean;
  /** Whether the dense layer belongs to the encoder, which may come with it trained: its name has the prefix. */
  readonly isOfEncoder: boolean;
  /** Its class in `transformers`. */
  readonly className: string;
}

/**
 * What distinguishes one kind of encoder from the others. They share the rest: the sum of embeddings, LayerNorm, and
 * post-norm transformer layers.
 */
export interface Architecture {
  /** `model_type` in config.json. */
  readonly modelType: EncoderConfig['modelType'];
  /** What the names of tensors begin with in files of models that have a head; files of the bare encoder lack it. */
  readonly prefix: string;
  readonly configSchema: z.ZodType<EncoderConfig>;
  layerNames(layer: number): LayerNames;
  /** [batch · length] rows of the position table. */
  positionIds(batch: TokenBatch, config: EncoderConfig): Int32Array;
  /** Whether there is dropout between the attention's output and the residual sum. */
  readonly dropsAttentionOutput: boolean;
  readonly sequenceClassifier: SequenceClassifierShape;
}

export const embeddingNames = {
  words: 'embeddings.word_embeddings.weight',
  positions: 'embeddings.position_embeddings.weight',
  tokenTypes: 'embeddings.token_type_embeddings.weight',
  norm: 'embeddings.LayerNorm',
} as const;

/** One line a kind of encoder. */
export const architectures: readonly Architecture[] = [bert, roberta, xlmRoberta, distilBert];

export function architectureOf({ modelType }: EncoderConfig): Architecture {
  const found = architectures.find((architecture) => architecture.modelType === modelType);
  if (!found) throw new RangeError(`unknown model type ${modelType}`);
  return found;
}

/** Name and shape of every tensor that the forward pass reads, without prefix. */
export function tensorShapes(config: EncoderConfig): Map<string, readonly number[]> {
  const { hiddenSize: width, intermediateSize } = config;
  const shapes = new Map<string, readonly number[]>([
    [embeddingNames.words, [config.vocabularySize, width]],
    [embeddingNames.positions, [config.positions, width]],
  ]);
  if (config.tokenTypes > 0) shapes.set(embeddingNames.tokenTypes, [config.tokenTypes, width]);
  const add = (name: string, ...shape: readonly number[]) => {
    shapes.set(`${name}.weight`, shape).set(`${name}.bias`, shape.slice(0, 1));
  };
  add(embeddingNames.norm, width);
  for (let layer = 0; layer < config.layers; layer++) {
    const names = architectureOf(config).layerNames(layer);
    add(names.query, width, width);
    add(names.key, width, width);
    add(names.value, width, width);
    add(names.attentionOutput, width, width);
    add(names.attentionNorm, width);
    add(names.intermediate, intermediateSize, width);
    add(names.output, width, intermediateSize);
    add(names.outputNorm, width);
  }
  return shapes;
}

import type * as tf from '@tensorflow/tfjs-core';
import { fusedOpsAreCurrent } from '../engine/native/fusedOps.ts';
import type { DropoutMask } from './dropout.ts';
import { fusedBlocks } from './fusedBlocks.ts';
import type { Packing } from './packing.ts';
import { plainBlocks } from './plainBlocks.ts';

/** A dense layer, or the scale and shift of a LayerNorm. */
export interface Parameters {
  /** [out, in], or [width] */
  readonly weight: tf.Tensor;
  /** [out] */
  readonly bias: tf.Tensor;
}

export interface EmbeddingsInput {
  /** Words, positions and, where there are any, token types; each [rows, width]. */
  readonly tables: readonly tf.Tensor2D[];
  /** Rows of each table, [tokens] each. */
  readonly ids: readonly Int32Array[];
  readonly norm: Parameters;
  readonly epsilon: number;
  readonly mask: DropoutMask;
}

export interface AttentionInput {
  /** [tokens, width] */
  readonly x: tf.Tensor2D;
  readonly query: Parameters;
  readonly key: Parameters;
  readonly value: Parameters;
  readonly output: Parameters;
  readonly norm: Parameters;
  readonly heads: number;
  readonly packing: Packing;
  /** Whether the result is wanted for the first token of each text only. */
  readonly firstOnly: boolean;
  readonly epsilon: number;
  readonly probabilityMask: DropoutMask;
  readonly outputMask: DropoutMask;
}

export interface FeedForwardInput {
  /** [rows, width] */
  readonly x: tf.Tensor2D;
  readonly inner: Parameters;
  readonly outer: Parameters;
  readonly norm: Parameters;
  readonly epsilon: number;
  readonly mask: DropoutMask;
}

/** What a post-norm transformer encoder is made of, on packed tokens; all differentiable by their tensors. */
export interface Blocks {
  /** dropout(LayerNorm(Σ embeddings)), [tokens, width] */
  embeddings(input: EmbeddingsInput): tf.Tensor2D;
  /** LayerNorm(x + dropout(dense(attention(x)))), [tokens, width], or [texts, width] with `firstOnly` */
  attention(input: AttentionInput): tf.Tensor2D;
  /** LayerNorm(x + dropout(dense(GELU(dense(x))))), [rows, width] */
  feedForward(input: FeedForwardInput): tf.Tensor2D;
}

/** The fastest blocks of the current engine. */
export function currentBlocks(): Blocks {
  return fusedOpsAreCurrent() ? fusedBlocks : plainBlocks;
}

import * as tf from '@tensorflow/tfjs-core';
import type { TokenBatch } from '../text/batch.ts';

/**
 * The real tokens of a padded batch as one list. What works on them alone pays nothing for padding: the fused blocks
 * altogether, the plain ones but for attention. Exact: padding takes no part in any result. Its tensors belong to the
 * tidy in which it was made.
 */
export interface Packing {
  /** Texts. */
  readonly size: number;
  /** Of the longest text, in tokens. */
  readonly length: number;
  /** Place of each real token among the padded positions, [tokens]. */
  readonly places: Int32Array;
  /** Where each text's tokens begin, and the end of the last, [size + 1], int32. */
  readonly offsets: tf.Tensor1D;
  /** [size, 1, 1, length], made anew each time; added to attention scores, it takes the weight of padding to exactly 0. */
  readonly paddingScores: tf.Tensor4D;
  /** [tokens, width] → [size · length, width]. Padding holds stand-ins that must take no part in what follows. */
  pad(packed: tf.Tensor2D): tf.Tensor2D;
  /** [size · length, width] → [tokens, width] */
  pack(padded: tf.Tensor2D): tf.Tensor2D;
  /** The first token of each text, [tokens, width] → [size, width] */
  first(packed: tf.Tensor2D): tf.Tensor2D;
  /** The mean over each text's tokens, [tokens, width] → [size, width] */
  mean(packed: tf.Tensor2D): tf.Tensor2D;
}

/** The packing of a batch. */
export function packingOf(batch: TokenBatch): Packing {
  const { size, length, mask } = batch;
  const places = new Int32Array(batch.tokens);
  const sources = new Int32Array(mask.length);
  const offsets = new Int32Array(size + 1);
  let tokens = 0;
  for (const [place, real] of mask.entries()) {
    if (real) places[tokens++] = place;
    // Padding repeats the token before it, whose values are as finite as any.
    sources[place] = Math.max(0, tokens - 1);
    if ((place + 1) % length === 0) offsets[(place + 1) / length] = tokens;
  }
  const placesTensor = tf.tensor1d(places, 'int32');
  const sourcesTensor = tf.tensor1d(sources, 'int32');
  const offsetsTensor = tf.tensor1d(offsets, 'int32');
  const maskTensor = tf.tensor2d(mask, [mask.length, 1]);

  return {
    size,
    length,
    places,
    offsets: offsetsTensor,
    get paddingScores() {
      return tf.mul(tf.sub(tf.reshape(maskTensor, [size, 1, 1, length]), 1), 1e9) as tf.Tensor4D;
    },
    // Each is the other's gradient: a stand-in takes no part, so it hands nothing back.
    pad: rowsWithGradient(sourcesTensor, [placesTensor], (upstream, [back]) =>
      tf.gather(upstream, back as tf.Tensor1D),
    ),
    pack: rowsWithGradient(placesTensor, [sourcesTensor, maskTensor], (upstream, [back, real]) =>
      tf.mul(tf.gather(upstream, back as tf.Tensor1D), real as tf.Tensor2D),
    ),
    first: (packed) => tf.gather(packed, tf.slice1d(offsetsTensor, 0, size)),
    mean(packed) {
      const shares = new Float32Array(size * tokens);
      for (let text = 0; text < size; text++) {
        const [from, to] = [offsets[text] as number, offsets[text + 1] as number];
        shares.fill(1 / (to - from), text * tokens + from, text * tokens + to);
      }
      return tf.matMul(tf.tensor2d(shares, [size, tokens]), packed);
    },
  };
}

/** The rows of a matrix at `indices`, with a gradient of its own, which works on the tensors in `saved`. */
function rowsWithGradient(
  indices: tf.Tensor1D,
  saved: tf.Tensor[],
  gradient: (upstream: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor,
): (x: tf.Tensor2D) => tf.Tensor2D {
  const rows = tf.customGrad((...inputs) => {
    const [x, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc];
    save(saved);
    return { value: tf.gather(x, indices), gradFunc: gradient };
  });
  return (x) => rows(x) as tf.Tensor2D;
}

import * as tf from '@tensorflow/tfjs-core';
import type { TokenBatch } from '../text/batch.ts';

/**
 * The real tokens of a padded batch as one list: everything but attention works on them alone, so that padding costs
 * nothing there. Exact: padding takes no part in any result.
 */
export interface Packing {
  /** Place of each real token among the padded positions, [tokens]. */
  readonly places: Int32Array;
  /** [tokens, width] → [batch · length, width]. Padding holds stand-ins that must take no part in what follows. */
  pad(packed: tf.Tensor2D): tf.Tensor2D;
  /** [batch · length, width] → [tokens, width] */
  pack(padded: tf.Tensor2D): tf.Tensor2D;
}

/** The packing of a batch; its tensors belong to the tidy around. */
export function packingOf(batch: TokenBatch): Packing {
  const places = new Int32Array(batch.tokens);
  const sources = new Int32Array(batch.mask.length);
  let tokens = 0;
  for (const [place, real] of batch.mask.entries()) {
    if (real) places[tokens++] = place;
    // Padding repeats the token before it, whose values are as finite as any.
    sources[place] = Math.max(0, tokens - 1);
  }
  const placesTensor = tf.tensor1d(places, 'int32');
  const sourcesTensor = tf.tensor1d(sources, 'int32');
  const mask = tf.tensor2d(batch.mask, [batch.mask.length, 1]);

  // Each is the other's gradient: a stand-in takes no part, so it hands nothing back.
  return {
    places,
    pad: rowsWithGradient(sourcesTensor, [placesTensor], (upstream, [back]) =>
      tf.gather(upstream, back as tf.Tensor1D),
    ),
    pack: rowsWithGradient(placesTensor, [sourcesTensor, mask], (upstream, [back, real]) =>
      tf.mul(tf.gather(upstream, back as tf.Tensor1D), real as tf.Tensor2D),
    ),
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

import * as tf from '@tensorflow/tfjs-core';
import { flag, float, integer, runFusedOp, usesBfloat16 } from '../engine/native/fusedOps.ts';
import type { Blocks } from './blocks.ts';
import type { DropoutMask } from './dropout.ts';

/** The blocks as one op each, forward and backward, of `src/engine/native/kernels`. */
export const fusedBlocks: Blocks = {
  embeddings({ tables, ids, norm, epsilon, mask }) {
    const [words, positions, tokenTypes = tf.zeros([0, 0])] = tables as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D?];
    const tokens = (ids[0] as Int32Array).length;
    const rows = new Int32Array(ids.length * tokens);
    ids.forEach((own, i) => {
      rows.set(own, i * tokens);
    });
    const idTensor = tf.tensor2d(rows, [ids.length, tokens], 'int32');
    const key = keyOf(mask);
    const rate = float('rate', mask.rate);
    return fused([words, positions, tokenTypes, norm.weight, norm.bias], (inputs, save) => {
      const [wordTable, positionTable, typeTable, weight] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const [y, kept] = runFusedOp(
        'ContrafitEmbeddings',
        [float('epsilon', epsilon), rate],
        [...inputs, idTensor, key],
        2,
      ) as [tf.Tensor2D, tf.Tensor];
      save([wordTable, positionTable, typeTable, weight, idTensor, key, kept]);
      return {
        value: y,
        gradient: (upstream, [savedWords, savedPositions, savedTypes, scale, savedIds, savedKey, savedKept]) =>
          runFusedOp(
            'ContrafitEmbeddingsGradient',
            [rate],
            [savedWords, savedPositions, savedTypes, upstream, scale, savedIds, savedKey, savedKept] as tf.Tensor[],
            5,
          ),
      };
    });
  },

  attention({ x, query, key, value, output, norm, heads, packing, firstOnly, epsilon, probabilityMask, outputMask }) {
    const { offsets } = packing;
    const keys = [keyOf(probabilityMask), keyOf(outputMask)];
    const shared = [
      integer('heads', heads),
      flag('first_only', firstOnly),
      float('probability_rate', probabilityMask.rate),
      float('output_rate', outputMask.rate),
      flag('rounds_factors', usesBfloat16()),
    ];
    const own = [float('epsilon', epsilon), keeps()];
    const dense = [query, key, value, output, norm].flatMap(({ weight, bias }) => [weight, bias]);
    return fused([x, ...dense], ([input, ...parameters], save) => {
      const [y, kept] = runFusedOp(
        'ContrafitAttention',
        [...shared, ...own],
        [input as tf.Tensor, offsets, ...parameters, ...keys],
        2,
      ) as [tf.Tensor2D, tf.Tensor];
      const weights = parameters.filter((_, i) => i % 2 === 0);
      save([input as tf.Tensor, offsets, ...weights, ...keys, kept]);
      return {
        value: y,
        gradient: (upstream, saved) => runFusedOp('ContrafitAttentionGradient', shared, [upstream, ...saved], 11),
      };
    });
  },

  feedForward({ x, inner, outer, norm, epsilon, mask }) {
    const key = keyOf(mask);
    const shared = [float('rate', mask.rate), flag('rounds_factors', usesBfloat16())];
    const own = [float('epsilon', epsilon), keeps()];
    const dense = [inner, outer, norm].flatMap(({ weight, bias }) => [weight, bias]);
    return fused([x, ...dense], ([input, ...parameters], save) => {
      const [y, kept] = runFusedOp(
        'ContrafitFeedForward',
        [...shared, ...own],
        [input as tf.Tensor, ...parameters, key],
        2,
      ) as [tf.Tensor2D, tf.Tensor];
      const weights = parameters.filter((_, i) => i % 2 === 0);
      save([input as tf.Tensor, ...weights, key, kept]);
      return {
        value: y,
        gradient: (upstream, saved) => runFusedOp('ContrafitFeedForwardGradient', shared, [upstream, ...saved], 7),
      };
    });
  },
};

interface Fused {
  readonly value: tf.Tensor2D;
  /** Gradients of all inputs; `saved` is what was saved, in its order. */
  readonly gradient: (upstream: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[];
}

/** An op with a gradient of its own. */
function fused(
  inputs: readonly tf.Tensor[],
  run: (inputs: tf.Tensor[], save: (tensors: tf.Tensor[]) => void) => Fused,
): tf.Tensor2D {
  const op = tf.customGrad((...all) => {
    const save = all.pop() as unknown as tf.GradSaveFunc;
    const { value, gradient } = run(all as tf.Tensor[], save);
    return { value, gradFunc: gradient };
  });
  return op(...inputs) as tf.Tensor2D;
}

/** Whether a forward pass keeps what its gradient needs: only where gradients are being recorded. */
function keeps() {
  return flag('keeps', tf.engine().state.gradientDepth > 0);
}

function keyOf({ seed, counter }: DropoutMask): tf.Tensor {
  return tf.tensor1d([seed | 0, counter | 0], 'int32');
}

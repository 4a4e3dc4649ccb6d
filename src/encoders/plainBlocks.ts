import * as tf from '@tensorflow/tfjs-core';
import type { Blocks, Parameters } from './blocks.ts';
import { drop } from './dropout.ts';
import { gelu } from './gelu.ts';
import { layerNorm } from './layerNorm.ts';

/** The blocks in TensorFlow.js' own operations: for every engine, and the reference of the fused ones. */
export const plainBlocks: Blocks = {
  embeddings({ tables, ids, norm, epsilon, mask }) {
    const rows = tables.map((table, i) => tf.gather(table, tf.tensor1d(ids[i] as Int32Array, 'int32')));
    const sum = rows.reduce((total, some) => tf.add(total, some));
    return drop(layerNorm(sum, norm.weight, norm.bias, epsilon), mask);
  },

  /** Scaled dot-product attention, on the padded form (Vaswani et al. 2017, arXiv:1706.03762). */
  attention({ x, query, key, value, output, norm, heads, packing, firstOnly, epsilon, probabilityMask, outputMask }) {
    const { size, length } = packing;
    const width = x.shape[1];
    const headWidth = width / heads;
    const split = (padded: tf.Tensor2D, rows: number) =>
      tf.transpose(tf.reshape(padded, [size, rows, heads, headWidth]), [0, 2, 1, 3]);
    const asking = firstOnly ? packing.first(x) : x;
    const queries = dense(query, asking);
    const queryHeads = firstOnly ? split(queries, 1) : split(packing.pad(queries), length);
    const keyHeads = split(packing.pad(dense(key, x)), length);
    const valueHeads = split(packing.pad(dense(value, x)), length);
    const scores = tf.matMul(tf.mul(queryHeads, 1 / Math.sqrt(headWidth)), keyHeads, false, true);
    const probabilities = tf.softmax(tf.add(scores, packing.paddingScores));
    const context = tf.transpose(tf.matMul(drop(probabilities, probabilityMask), valueHeads), [0, 2, 1, 3]);
    const packed = firstOnly
      ? tf.reshape(context, [size, width])
      : packing.pack(tf.reshape(context, [size * length, width]));
    const attended = drop(dense(output, packed as tf.Tensor2D), outputMask);
    return layerNorm(tf.add(asking, attended), norm.weight, norm.bias, epsilon);
  },

  feedForward({ x, inner, outer, norm, epsilon, mask }) {
    const output = drop(dense(outer, gelu(dense(inner, x))), mask);
    return layerNorm(tf.add(x, output), norm.weight, norm.bias, epsilon);
  },
};

function dense({ weight, bias }: Parameters, x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(x, weight as tf.Tensor2D, false, true), bias);
}

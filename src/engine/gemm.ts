import * as tf from '@tensorflow/tfjs-core';
import { flag, fusedOpsAreCurrent, runFusedOp, usesBfloat16 } from './native/fusedOps.ts';

/** x · weightᵀ, [rows, out], as an encoder's dense layers compute it on the current engine. */
function denseProduct(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  if (!fusedOpsAreCurrent()) return tf.matMul(x, weight, false, true);
  const [product] = runFusedOp('ContrafitProduct', [flag('rounds_factors', usesBfloat16())], [x, weight], 1);
  return product as tf.Tensor2D;
}

/** Asks the current engine instead of guessing from the processor's name: 1 + 2⁻⁹ is 1 in bfloat16. */
export function multipliesInBfloat16(): boolean {
  const size = 256;
  const corner = tf.tidy(() =>
    tf.slice(denseProduct(tf.fill([size, size], 1 + 2 ** -9), tf.ones([size, size])), [0, 0], [1, 1]).dataSync(),
  );
  return (corner[0] as number) < size * (1 + 2 ** -10);
}

/**
 * The median rate of a dense layer's product of square matrices on the current engine, in GFLOP/s (10⁹ float operations a
 * second). A first product, which allocates and packs, is not counted.
 *
 * @param size Rows and columns of the matrices.
 * @param runs How many products are timed, each alone.
 */
export function measureGemm(size: number, runs: number): number {
  const [a, b] = [1, 2].map((seed) => tf.randomUniform<tf.Rank.R2>([size, size], -1, 1, 'float32', seed)) as [
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const product = () =>
    tf.tidy(() => {
      const begin = performance.now();
      // Reading an element waits for a device that works asynchronously.
      tf.slice(denseProduct(a, b), [0, 0], [1, 1]).dataSync();
      return performance.now() - begin;
    });
  product();
  const milliseconds = Array.from({ length: runs }, product).sort((x, y) => x - y);
  tf.dispose([a, b]);
  return (2 * size ** 3) / (milliseconds[Math.floor(runs / 2)] as number) / 1e6;
}

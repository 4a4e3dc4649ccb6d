import * as tf from '@tensorflow/tfjs-core';

/**
 * The median rate of tf.matMul of two square matrices on the current engine, in GFLOP/s (10⁹ float operations a
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
      tf.slice(tf.matMul(a, b), [0, 0], [1, 1]).dataSync();
      return performance.now() - begin;
    });
  product();
  const milliseconds = Array.from({ length: runs }, product).sort((x, y) => x - y);
  tf.dispose([a, b]);
  return (2 * size ** 3) / (milliseconds[Math.floor(runs / 2)] as number) / 1e6;
}

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { WasmBackend } from '../../../src/engine/wasm/backend.ts';
import { repairBatchMatMul } from '../../../src/engine/wasm/batchMatMul.ts';
import { stream } from '../../../src/random.ts';
import { leakedTensors } from '../engines.ts';
import { startUnrepairedWasm } from './unrepaired.ts';

const random = stream(1, 'batchMatMul');

function randomTensor(shape: number[]): tf.Tensor {
  return tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, random.normal), shape);
}

/** The product in float64 by its definition; batch indices are matched from the right and broadcast. */
function naiveProduct(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): Float64Array {
  const [A, B] = [a.dataSync(), b.dataSync()];
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const n = transposeB ? bRows : bColumns;
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const at = (shape: number[], index: number[]) =>
    shape.slice(0, -2).reduce((flat, size, axis) => {
      const position = index[index.length - (shape.length - 2) + axis] as number;
      return flat * size + (size === 1 ? 0 : position);
    }, 0);
  const result = new Float64Array(tf.util.sizeFromShape(outer) * m * n);
  for (let batch = 0; batch * m * n < result.length; batch++) {
    const index = tf.util.indexToLoc(batch, outer.length, tf.util.computeStrides([...outer, 1]));
    const [aStart, bStart] = [at(a.shape, index) * aRows * aColumns, at(b.shape, index) * bRows * bColumns];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        for (let l = 0; l < k; l++) {
          const left = A[aStart + (transposeA ? l * aColumns + i : i * aColumns + l)] as number;
          const right = B[bStart + (transposeB ? j * bColumns + l : l * bColumns + j)] as number;
          (result[(batch * m + i) * n + j] as number) += left * right;
        }
      }
    }
  }
  return result;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  return largest;
}

/** Outer shapes of both factors: single, batched, two batch dimensions, one or both of them broadcast. */
const outerShapes: [number[], number[]][] = [
  [[], []],
  [[3], [3]],
  [
    [2, 3],
    [2, 3],
  ],
  [[1], [4]],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[], [2]],
];
const sizes: [number, number, number][] = [
  [1, 1, 1],
  [5, 3, 2],
  [1, 17, 9],
  [20, 32, 20],
];
const transposes: [boolean, boolean][] = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
];
const grid = outerShapes.flatMap((outer) =>
  sizes.flatMap((size) => transposes.map((transpose) => ({ outer, size, transpose }))),
);

let backend: WasmBackend;
beforeAll(async () => {
  backend = await startUnrepairedWasm();
});

// The defect is one of speed: the fast path, whose sums are in another order, is left. test/bench/gemm.bench.ts
// measures what that costs.
describe('before the repair', () => {
  it.each(['transposed', 'batched'])('a %s product leaves the fast path', (kind) => {
    expect(differsFromPlain(kind === 'batched')).toBe(true);
  });
});

describe('after the repair', () => {
  beforeAll(() => repairBatchMatMul(backend));

  it.each(['transposed', 'batched'])('a %s product is bit-equal to the plain one', (kind) => {
    expect(differsFromPlain(kind === 'batched')).toBe(false);
  });

  it('equals naive loops, and its gradients the products of the definition', () => {
    for (const { outer, size, transpose } of grid) {
      const [m, k, n] = size;
      const [transposeA, transposeB] = transpose;
      const a = randomTensor([...outer[0], ...(transposeA ? [k, m] : [m, k])]);
      const b = randomTensor([...outer[1], ...(transposeB ? [n, k] : [k, n])]);
      const where = JSON.stringify({ outer, size, transpose });
      const product = tf.matMul(a, b, transposeA, transposeB);
      expect(largestDifference(product.dataSync(), naiveProduct(a, b, transposeA, transposeB)), where).toBeLessThan(
        2e-5,
      );

      // The gradients of broadcast factors are summed by tfjs-core, which knows that only for equal ranks.
      if (tf.util.arraysEqual(outer[0], outer[1])) {
        const weights = randomTensor(product.shape);
        const [da, db] = tf.grads((x, y) => tf.sum(tf.mul(tf.matMul(x, y, transposeA, transposeB), weights)))([a, b]);
        const expectedA = transposeA
          ? naiveProduct(b, weights, transposeB, true)
          : naiveProduct(weights, b, false, !transposeB);
        const expectedB = transposeB
          ? naiveProduct(weights, a, true, transposeA)
          : naiveProduct(a, weights, !transposeA, false);
        expect(largestDifference((da as tf.Tensor).dataSync(), expectedA), where).toBeLessThan(2e-5);
        expect(largestDifference((db as tf.Tensor).dataSync(), expectedB), where).toBeLessThan(2e-5);
      }
    }
    tf.disposeVariables();
  });

  it('leaks neither tensors nor wasm memory', () => {
    const a = randomTensor([8, 30, 40]);
    const b = randomTensor([8, 50, 40]);
    const work = () => tf.matMul(a, b, false, true).dispose();
    expect(leakedTensors(work)).toBe(0);
    const bytes = () => tf.engine().backend.numDataIds();
    const before = bytes();
    for (let i = 0; i < 50; i++) work();
    expect(bytes()).toBe(before);
  });

  it('refuses inner sizes that do not match, as tf.matMul does', () => {
    expect(() => tf.matMul(randomTensor([2, 3, 4]), randomTensor([2, 5, 6]))).toThrow(/inner shapes \(4\) and \(5\)/);
  });
});

/** Whether a product differs in any bit from the plain products of the same matrices. */
function differsFromPlain(batched: boolean): boolean {
  return tf.tidy(() => {
    const a = randomTensor([2, 64, 64]);
    const b = randomTensor([2, 64, 64]);
    const plain = tf.stack(tf.unstack(a).map((matrix, i) => tf.matMul(matrix, tf.unstack(b)[i] as tf.Tensor)));
    const other = batched
      ? tf.matMul(a, b)
      : tf.stack(tf.unstack(a).map((x, i) => tf.matMul(x, tf.transpose(tf.unstack(b)[i] as tf.Tensor), false, true)));
    return largestDifference(plain.dataSync(), other.dataSync()) > 0;
  });
}

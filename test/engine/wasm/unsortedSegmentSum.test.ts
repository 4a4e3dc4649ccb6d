import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { addUnsortedSegmentSum } from '../../../src/engine/wasm/unsortedSegmentSum.ts';
import { stream } from '../../../src/random.ts';
import { leakedTensors } from '../engines.ts';
import { startUnrepairedWasm } from './unrepaired.ts';

const random = stream(1, 'unsortedSegmentSum');

function naiveSegmentSum(x: ArrayLike<number>, width: number, ids: ArrayLike<number>, segments: number): Float64Array {
  const sums = new Float64Array(segments * width);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row] as number;
    if (id < 0) continue;
    for (let i = 0; i < width; i++) (sums[id * width + i] as number) += x[row * width + i] as number;
  }
  return sums;
}

beforeAll(() => startUnrepairedWasm());

describe('before the repair', () => {
  it('the gradient of gather has no kernel', () => {
    const table = tf.ones([4, 2]);
    const gather = tf.grad((x) => tf.sum(tf.gather(x, tf.tensor1d([1, 3], 'int32'))));
    expect(() => gather(table)).toThrow(/UnsortedSegmentSum/);
  });
});

describe('after the repair', () => {
  beforeAll(addUnsortedSegmentSum);

  it('equals naive loops', () => {
    for (const n of [1, 7, 40]) {
      for (const rest of [[], [1], [5], [2, 3]]) {
        for (const segments of [1, 4, 50]) {
          const x = tf.tensor(Float32Array.from({ length: n * tf.util.sizeFromShape(rest) }, random.normal), [
            n,
            ...rest,
          ]);
          const ids = Int32Array.from({ length: n }, () => random.integer(segments));
          const sums = tf.unsortedSegmentSum(x, tf.tensor1d(ids, 'int32'), segments);
          expect(sums.shape).toEqual([segments, ...rest]);
          const expected = naiveSegmentSum(x.dataSync(), tf.util.sizeFromShape(rest), ids, segments);
          for (const [i, value] of sums.dataSync().entries()) expect(value).toBeCloseTo(expected[i] as number, 4);
        }
      }
    }
  });

  it('gives gather its gradient, repeated and absent rows included', () => {
    const table = tf.tensor2d(Float32Array.from({ length: 12 }, random.normal), [4, 3]);
    const ids = [2, 0, 2, 2];
    const weights = Float32Array.from({ length: ids.length * 3 }, random.normal);
    const gradient = tf.grad((x) =>
      tf.sum(tf.mul(tf.gather(x, tf.tensor1d(ids, 'int32')), tf.tensor2d(weights, [ids.length, 3]))),
    )(table);
    const expected = naiveSegmentSum(weights, 3, ids, 4);
    for (const [i, value] of gradient.dataSync().entries()) expect(value).toBeCloseTo(expected[i] as number, 6);
  });

  it('sums int32, drops rows of negative segments, and refuses segments beyond the last', () => {
    const x = tf.tensor1d([1, 2, 3, 4], 'int32');
    const sums = tf.unsortedSegmentSum(x, tf.tensor1d([1, -1, 1, 0], 'int32'), 2);
    expect([sums.dtype, ...sums.dataSync()]).toEqual(['int32', 4, 4]);
    expect(() => tf.unsortedSegmentSum(x, tf.tensor1d([0, 1, 2, 0], 'int32'), 2)).toThrow(/segment id 2/);
  });

  it('leaks no tensor', () => {
    const x = tf.ones([4, 2]);
    const ids = tf.tensor1d([0, 1, 0, 1], 'int32');
    expect(leakedTensors(() => tf.unsortedSegmentSum(x, ids, 2).dispose())).toBe(0);
  });
});

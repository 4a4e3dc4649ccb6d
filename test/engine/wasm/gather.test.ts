import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { repairGather } from '../../../src/engine/wasm/gather.ts';
import { addUnsortedSegmentSum } from '../../../src/engine/wasm/unsortedSegmentSum.ts';
import { leakedTensors } from '../engines.ts';
import { startUnrepairedWasm } from './unrepaired.ts';

const packageKernel = () => tf.getKernel(tf.GatherV2, 'wasm').kernelFunc;
let unrepaired: ReturnType<typeof packageKernel>;

beforeAll(async () => {
  await startUnrepairedWasm();
  unrepaired = packageKernel();
  addUnsortedSegmentSum();
  repairGather();
});

const shapes = [[5], [5, 1], [7, 3], [4, 2, 3], [1, 6]];

describe('gather', () => {
  it('copies rows in its own kernel', () => {
    expect(packageKernel()).not.toBe(unrepaired);
  });

  it.each(shapes)('takes rows as the definition says, from [%s, %s, %s]', (...given) => {
    const shape = given.filter((size) => size !== undefined);
    const x = tf.reshape(tf.range(0, tf.util.sizeFromShape(shape), 1, 'float32'), shape);
    const rows = shape[0] ?? 0;
    const width = x.size / rows;
    for (const indices of [[0], [rows - 1, 0, 0], Array.from({ length: 9 }, (_, i) => (i * 5) % rows)]) {
      const expected = indices.flatMap((row) => Array.from({ length: width }, (_, i) => row * width + i));
      const result = tf.gather(x, tf.tensor1d(indices, 'int32'));
      expect(result.shape).toEqual([indices.length, ...shape.slice(1)]);
      expect([...result.dataSync()]).toEqual(expected);
    }
    const square = tf.gather(x, tf.tensor2d([0, 0, rows - 1, 0], [2, 2], 'int32'));
    expect(square.shape).toEqual([2, 2, ...shape.slice(1)]);
  });

  it('has the gradient that adds up what a row gave', () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const upstream = tf.tensor2d([1, 1, 2, 2, 4, 4], [3, 2]);
    const gradient = tf.grad((values) => tf.sum(tf.mul(tf.gather(values, tf.tensor1d([2, 0, 2], 'int32')), upstream)))(
      x,
    );
    expect([...gradient.dataSync()]).toEqual([2, 2, 0, 0, 5, 5]);
  });

  it('leaves other axes and types to the package', () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    expect([...tf.gather(x, tf.tensor1d([2, 0], 'int32'), 1).dataSync()]).toEqual([3, 1, 6, 4]);
    const whole = tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32');
    expect([...tf.gather(whole, tf.tensor1d([1], 'int32')).dataSync()]).toEqual([3, 4]);
  });

  it.each([-1, 3])('refuses index %i of 3 rows', (index) => {
    expect(() => tf.gather(tf.ones([3, 2]), tf.tensor1d([index], 'int32')).dataSync()).toThrow('not in [0, 2]');
  });

  it('leaks no tensor', () => {
    const [x, indices] = [tf.ones([3, 2]), tf.tensor1d([1, 1], 'int32')];
    expect(leakedTensors(() => tf.gather(x, indices).dispose())).toBe(0);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { repairOneHot } from '../../../src/engine/wasm/oneHot.ts';
import { leakedTensors } from '../engines.ts';
import { startUnrepairedWasm } from './unrepaired.ts';

function naiveOneHot(indices: readonly number[], depth: number, on: number, off: number): number[] {
  return indices.flatMap((index) => Array.from({ length: depth }, (_, i) => (i === index ? on : off)));
}

const indices = [0, 2, 1, 3, 2, -1, 4];

beforeAll(() => startUnrepairedWasm());

describe('before the repair', () => {
  it('float32 holds the bit patterns of integers', () => {
    const values = tf.oneHot(tf.tensor1d(indices, 'int32'), 4, 1, 0, 'float32').dataSync();
    expect([...values]).not.toEqual(naiveOneHot(indices, 4, 1, 0));
    expect([...new Int32Array(Float32Array.from(values).buffer)]).toEqual(naiveOneHot(indices, 4, 1, 0));
  });
});

describe('after the repair', () => {
  beforeAll(repairOneHot);

  it.each(['float32', 'int32'] as const)('%s equals the definition', (dtype) => {
    for (const depth of [2, 4, 9]) {
      for (const [on, off] of [
        [1, 0],
        [5, 2],
        [0, 1],
      ] as const) {
        const result = tf.oneHot(tf.tensor1d(indices, 'int32'), depth, on, off, dtype);
        expect(result.shape).toEqual([indices.length, depth]);
        expect(result.dtype).toBe(dtype);
        expect([...result.dataSync()]).toEqual(naiveOneHot(indices, depth, on, off));
      }
    }
  });

  it('float32 takes fractions for on and off', () => {
    const values = tf.oneHot(tf.tensor1d([1, 0], 'int32'), 2, 0.75, 0.25, 'float32').dataSync();
    expect([...values]).toEqual([0.25, 0.75, 0.75, 0.25]);
  });

  it('leaks no tensor', () => {
    const labels = tf.tensor1d(indices, 'int32');
    expect(leakedTensors(() => tf.oneHot(labels, 4, 1, 0, 'float32').dispose())).toBe(0);
    const before = tf.engine().backend.numDataIds();
    tf.oneHot(labels, 4, 1, 0, 'float32').dispose();
    expect(tf.engine().backend.numDataIds()).toBe(before);
  });
});

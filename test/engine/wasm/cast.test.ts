import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { repairCast } from '../../../src/engine/wasm/cast.ts';
import { leakedTensors } from '../engines.ts';
import { startUnrepairedWasm } from './unrepaired.ts';

const floats = [-1.7, 0, -0, 0.4, 256, Number.NaN];
const integers = [-1, 0, 2, 256, 2 ** 31 - 1];

function castToBool(values: number[], dtype: 'float32' | 'int32'): number[] {
  return [...tf.cast(tf.tensor1d(values, dtype), 'bool').dataSync()];
}

beforeAll(() => startUnrepairedWasm());

describe('before the repair', () => {
  it('a number keeps its lowest bits as a bool', () => {
    expect(castToBool([-1.7, 0.4], 'float32')).toEqual([255, 0]);
    expect(castToBool([256], 'int32')).toEqual([0]);
  });
});

describe('after the repair', () => {
  beforeAll(repairCast);

  it('every number but 0 is true', () => {
    expect(castToBool(floats, 'float32')).toEqual([1, 0, 0, 1, 1, 1]);
    expect(castToBool(integers, 'int32')).toEqual([1, 0, 1, 1, 1]);
  });

  it('other casts are the package’s own', () => {
    expect([...tf.cast(tf.tensor1d([-1.7, 2.9]), 'int32').dataSync()]).toEqual([-1, 2]);
    expect([...tf.cast(tf.tensor1d([true, false], 'bool'), 'float32').dataSync()]).toEqual([1, 0]);
    expect([...tf.cast(tf.tensor1d([true, false], 'bool'), 'bool').dataSync()]).toEqual([1, 0]);
  });

  it('passes gradients on from float32 to float32, and leaks no tensor', () => {
    expect([
      ...tf
        .grad((x) => tf.sum(tf.cast(x, 'float32')))(tf.tensor1d([1, 2]))
        .dataSync(),
    ]).toEqual([1, 1]);
    const x = tf.tensor1d(floats);
    expect(leakedTensors(() => tf.cast(x, 'bool').dispose())).toBe(0);
  });
});

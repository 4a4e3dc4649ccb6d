import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { pool } from '../../src/encoders/pooling.ts';
import { onEachEngine } from '../engine/engines.ts';

onEachEngine('pool', () => {
  const pooled = (pooling: 'cls' | 'mean', mask: number[][]) => {
    const result = tf.tidy(() => {
      const hidden = tf.tensor3d([1, 2, 3, 4, 5, 6, -1, 0, 1, 8, 9, 10], [2, 3, 2]);
      return pool(hidden, tf.tensor2d(mask), pooling);
    });
    const values = result.arraySync();
    result.dispose();
    return values;
  };

  it('takes the first token', () => {
    const mask = [
      [1, 1, 1],
      [1, 0, 0],
    ];
    expect(pooled('cls', mask)).toEqual([
      [1, 2],
      [-1, 0],
    ]);
  });

  it('takes the mean over the real tokens', () => {
    const mask = [
      [1, 1, 1],
      [1, 1, 0],
    ];
    expect(pooled('mean', mask)).toEqual([
      [3, 4],
      [0, 4],
    ]);
  });

  it('gives zeros to a text without tokens', () => {
    const mask = [
      [0, 0, 0],
      [1, 0, 0],
    ];
    expect(pooled('mean', mask)[0]).toEqual([0, 0]);
  });
});

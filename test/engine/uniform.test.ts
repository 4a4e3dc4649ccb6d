import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { uniform } from '../../src/engine/uniform.ts';
import { leakedTensors, onEachEngine } from './engines.ts';

onEachEngine('uniform', () => {
  const draw = (seed: number, counter: number, n = 100_000) => {
    const tensor = uniform([n], { seed, counter });
    const values = tensor.dataSync();
    tensor.dispose();
    return values;
  };

  it('has the shape and dtype that it says, on [0, 1)', () => {
    const tensor = uniform([3, 4, 5], { seed: 1, counter: 2 });
    expect(tensor.shape).toEqual([3, 4, 5]);
    expect(tensor.dtype).toBe('float32');
    tensor.dispose();
    const values = draw(1, 2);
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values.slice(0, 50_000))).toBeLessThan(1);
  });

  it('repeats a key bit by bit and leaks nothing', () => {
    expect(draw(7, 3)).toEqual(draw(7, 3));
    expect(leakedTensors(() => uniform([10], { seed: 1, counter: 1 }).dispose())).toBe(0);
  });

  it('is uniform in 64 bins', () => {
    for (const [seed, counter] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [2 ** 31, 2 ** 32 - 1],
    ] as const) {
      const counts = new Array(64).fill(0);
      for (const value of draw(seed, counter)) counts[Math.floor(value * 64)]++;
      const expected = 100_000 / 64;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // 63 degrees of freedom: mean 63, standard deviation 11.2; 6 deviations for a fixed key.
      expect(chiSquare).toBeLessThan(130);
    }
  });

  it('draws independently along the sequence, between counters and between seeds', () => {
    const base = draw(5, 9);
    const correlation = (other: ArrayLike<number>, lag: number) => {
      let sum = 0;
      for (let i = lag; i < base.length; i++) sum += ((base[i] as number) - 0.5) * ((other[i - lag] as number) - 0.5);
      return (sum / (base.length - lag)) * 12;
    };
    // The standard deviation of a correlation over 100,000 pairs is .0032.
    for (const lag of [1, 2, 7, 64, 1000]) expect(Math.abs(correlation(base, lag))).toBeLessThan(0.016);
    for (const [seed, counter] of [
      [5, 10],
      [6, 9],
      [9, 5],
      [5 + 2 ** 20, 9],
    ] as const) {
      const other = draw(seed, counter);
      for (const lag of [0, 1, 2]) expect(Math.abs(correlation(other, lag))).toBeLessThan(0.016);
    }
  });

  it('is the current backend’s', () => {
    const tensor = uniform([2, 2], { seed: 1, counter: 1 });
    const doubled = tf.mul(tensor, 2);
    expect(doubled.shape).toEqual([2, 2]);
    tf.dispose([tensor, doubled]);
  });
});

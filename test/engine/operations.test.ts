import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { stream } from '../../src/random.ts';
import { onEachEngine } from './engines.ts';

/**
 * What the encoders, objectives, metrics and the optimiser are made of, on every engine: values against definitions in
 * float64, gradients against central differences of those definitions.
 */
interface Operation {
  /** The shape of its input x. */
  readonly shape: readonly number[];
  readonly apply: (x: tf.Tensor) => tf.Tensor;
  readonly define: (x: Float64Array) => ArrayLike<number>;
  /** Maps the random standard normal input into the operation's domain. */
  readonly domain?: (value: number) => number;
}

const [rows, columns] = [3, 4];
const matrix = [rows, columns] as const;
const positive = (value: number) => 0.2 + Math.abs(value);
const awayFromZero = (value: number) => value + Math.sign(value) * 0.1;

const elementwise = (f: (value: number) => number) => (x: Float64Array) => x.map(f);
const rowsOf = (x: ArrayLike<number>, width = columns) =>
  Array.from({ length: x.length / width }, (_, i) => Array.from(x).slice(i * width, (i + 1) * width));
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const mean = (values: ArrayLike<number>) => sum(values) / values.length;
const byRow = (f: (row: number[]) => number[] | number) => (x: Float64Array) => rowsOf(x).flatMap(f);
const logSumExp = (row: number[]) =>
  Math.log(sum(row.map((value) => Math.exp(value - Math.max(...row))))) + Math.max(...row);
const softmax = (row: number[]) => row.map((value) => Math.exp(value - logSumExp(row)));
const at = (values: ArrayLike<number>, index: number) => values[index] as number;

/** By its Maclaurin series, which is exact to 1e-15 up to |x| = 3. */
function erf(x: number): number {
  let [term, total] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= -(x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

const vector = [0.5, -1.5, 2, 0.25];
const whereMask = Array.from({ length: rows * columns }, (_, i) => i % 3 === 0);
const vectorTensor = () => tf.tensor1d(vector);
const square = (x: ArrayLike<number>) =>
  rowsOf(x).flatMap((a) => rowsOf(x).map((b) => sum(a.map((value, i) => value * at(b, i)))));

const operations: Record<string, Operation> = {
  exp: { shape: matrix, apply: tf.exp, define: elementwise(Math.exp) },
  log: { shape: matrix, apply: tf.log, define: elementwise(Math.log), domain: positive },
  sqrt: { shape: matrix, apply: tf.sqrt, define: elementwise(Math.sqrt), domain: positive },
  rsqrt: { shape: matrix, apply: tf.rsqrt, define: elementwise((value) => value ** -0.5), domain: positive },
  square: { shape: matrix, apply: tf.square, define: elementwise((value) => value * value) },
  tanh: { shape: matrix, apply: tf.tanh, define: elementwise(Math.tanh) },
  erf: { shape: matrix, apply: tf.erf, define: elementwise(erf) },
  sigmoid: { shape: matrix, apply: tf.sigmoid, define: elementwise((value) => 1 / (1 + Math.exp(-value))) },
  relu: { shape: matrix, apply: tf.relu, define: elementwise((value) => Math.max(0, value)), domain: awayFromZero },
  abs: { shape: matrix, apply: tf.abs, define: elementwise(Math.abs), domain: awayFromZero },
  neg: { shape: matrix, apply: tf.neg, define: elementwise((value) => -value) },
  clipByValue: {
    shape: matrix,
    apply: (x) => tf.clipByValue(x, -0.5, 0.5),
    define: elementwise((value) => Math.min(0.5, Math.max(-0.5, value))),
  },
  'add, broadcast from a row': {
    shape: [columns],
    apply: (x) => tf.add(tf.ones([...matrix]), x),
    define: (x) => Array.from({ length: rows }, () => Array.from(x, (value) => value + 1)).flat(),
  },
  'mul, broadcast from a column': {
    shape: [rows, 1],
    apply: (x) => tf.mul(x, vectorTensor()),
    define: (x) => Array.from(x).flatMap((value) => vector.map((factor) => value * factor)),
  },
  'sub of scalars': { shape: matrix, apply: (x) => tf.sub(1, x), define: elementwise((value) => 1 - value) },
  'div by a row': {
    shape: [columns],
    apply: (x) => tf.div(tf.ones([...matrix]), x),
    define: (x) => Array.from({ length: rows }, () => Array.from(x, (value) => 1 / value)).flat(),
    domain: positive,
  },
  maximum: {
    shape: matrix,
    apply: (x) => tf.maximum(x, 0.3),
    define: elementwise((value) => Math.max(value, 0.3)),
  },
  squaredDifference: {
    shape: matrix,
    apply: (x) => tf.squaredDifference(x, vectorTensor()),
    define: byRow((row) => row.map((value, i) => (value - at(vector, i)) ** 2)),
  },
  'where on a condition': {
    shape: matrix,
    // A condition computed from x would need a gradient of its own, which tfjs-core does not define.
    apply: (x) => tf.where(tf.tensor2d(whereMask, [...matrix], 'bool'), tf.mul(x, 3), tf.square(x)),
    define: (x) => x.map((value, i) => (whereMask[i] ? 3 * value : value * value)),
  },
  'sum over rows': { shape: matrix, apply: (x) => tf.sum(x, 1), define: byRow(sum) },
  'sum over columns, kept': {
    shape: matrix,
    apply: (x) => tf.sum(x, 0, true),
    define: (x) => vector.map((_, j) => sum(rowsOf(x).map((row) => at(row, j)))),
  },
  'sum of all': { shape: matrix, apply: (x) => tf.sum(x), define: (x) => [sum(x)] },
  mean: { shape: matrix, apply: (x) => tf.mean(x, -1, true), define: byRow(mean) },
  max: { shape: matrix, apply: (x) => tf.max(x, 1), define: byRow((row) => Math.max(...row)) },
  'variance by moments': {
    shape: matrix,
    apply: (x) => tf.moments(x, -1).variance,
    define: byRow((row) => mean(row.map((value) => (value - mean(row)) ** 2))),
  },
  'Euclidean norm': { shape: matrix, apply: (x) => tf.norm(x, 2, 1), define: byRow((row) => Math.hypot(...row)) },
  softmax: { shape: matrix, apply: (x) => tf.softmax(x), define: byRow(softmax) },
  'softmax with masked places': {
    shape: matrix,
    apply: (x) => tf.softmax(tf.add(x, tf.tensor1d([0, 0, -1e9, 0]))),
    define: byRow((row) => {
      const kept = softmax(row.filter((_, i) => i !== 2));
      return [at(kept, 0), at(kept, 1), 0, at(kept, 2)];
    }),
  },
  logSoftmax: {
    shape: matrix,
    apply: (x) => tf.logSoftmax(x),
    define: byRow((row) => row.map((value) => value - logSumExp(row))),
  },
  'logSumExp of large values': {
    shape: matrix,
    apply: (x) => tf.logSumExp(tf.mul(x, 60), 1),
    define: byRow((row) => logSumExp(row.map((value) => value * 60))),
  },
  'matMul with its own transpose': {
    shape: matrix,
    apply: (x) => tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true),
    define: square,
  },
  'matMul, batched': {
    shape: [2, 2, 3],
    apply: (x) => tf.matMul(x, tf.transpose(x, [0, 2, 1])),
    define: (x) =>
      [x.slice(0, 6), x.slice(6)].flatMap((half) => {
        const pair = rowsOf(half, 3);
        return pair.flatMap((a) => pair.map((b) => sum(a.map((value, i) => value * at(b, i)))));
      }),
  },
  'gather of rows': {
    shape: matrix,
    apply: (x) => tf.gather(x, tf.tensor1d([2, 0, 2], 'int32')),
    define: (x) => [2, 0, 2].flatMap((row) => rowsOf(x)[row] as number[]),
  },
  'gather of columns': {
    shape: matrix,
    apply: (x) => tf.gather(x, tf.tensor1d([3, 3, 1], 'int32'), 1),
    define: byRow((row) => [at(row, 3), at(row, 3), at(row, 1)]),
  },
  unsortedSegmentSum: {
    shape: matrix,
    apply: (x) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 0, 1], 'int32'), 2),
    define: (x) => {
      const [first, second, third] = rowsOf(x) as [number[], number[], number[]];
      return [...second, ...first.map((value, i) => value + at(third, i))];
    },
  },
  'transpose of two axes': {
    shape: matrix,
    apply: (x) => tf.transpose(x),
    define: (x) => vector.flatMap((_, j) => rowsOf(x).map((row) => at(row, j))),
  },
  'transpose of four axes': {
    shape: [2, 3, 2, 2],
    apply: (x) => tf.transpose(x, [0, 2, 1, 3]),
    define: (x) => {
      const result: number[] = [];
      for (const b of [0, 1]) {
        for (const h of [0, 1]) {
          for (const t of [0, 1, 2]) for (const d of [0, 1]) result.push(at(x, ((b * 3 + t) * 2 + h) * 2 + d));
        }
      }
      return result;
    },
  },
  reshape: { shape: matrix, apply: (x) => tf.reshape(x, [2, 6]), define: (x) => x },
  'expandDims and tile': {
    shape: [columns],
    apply: (x) => tf.tile(tf.expandDims(x, 0), [2, 1]),
    define: (x) => [...x, ...x],
  },
  slice: {
    shape: matrix,
    apply: (x) => tf.slice(x, [1, 1], [2, 2]),
    define: (x) =>
      rowsOf(x)
        .slice(1)
        .flatMap((row) => row.slice(1, 3)),
  },
  'slice of three axes': {
    shape: [2, 3, 2],
    apply: (x) => tf.slice(x, [0, 0, 0], [2, 1, 2]),
    define: (x) => [0, 1, 6, 7].map((i) => at(x, i)),
  },
  concat: {
    shape: matrix,
    apply: (x) => tf.concat([x, tf.square(x)], 1),
    define: byRow((row) => [...row, ...row.map((value) => value * value)]),
  },
  'stack of unstacked rows': {
    shape: matrix,
    apply: (x) => tf.stack(tf.unstack(x).toReversed()),
    define: (x) => rowsOf(x).reverse().flat(),
  },
  split: {
    shape: matrix,
    apply: (x) => tf.mul(...(tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor])),
    define: byRow((row) => [at(row, 0) * at(row, 2), at(row, 1) * at(row, 3)]),
  },
  pad: {
    shape: [2, 2],
    apply: (x) =>
      tf.pad(x as tf.Tensor2D, [
        [0, 1],
        [1, 0],
      ]),
    define: (x) => [0, at(x, 0), at(x, 1), 0, at(x, 2), at(x, 3), 0, 0, 0],
  },
};

onEachEngine('operations', () => {
  it.each(Object.keys(operations))('%s', (name) => {
    const { shape, apply, define, domain = (value) => value } = operations[name] as Operation;
    const random = stream(1, name);
    const size = tf.util.sizeFromShape([...shape]);
    const input = Float64Array.from({ length: size }, () => domain(Math.fround(random.normal())));
    const x = tf.tensor(Float32Array.from(input), [...shape]);

    const expected = Float64Array.from(define(input));
    expectClose(apply(x).dataSync(), expected, 1e-5);

    const weights = Float64Array.from(expected, () => random.normal());
    const weighted = (values: Float64Array) =>
      sum(Float64Array.from(define(values), (value, i) => value * at(weights, i)));
    const gradient = tf.grad((t) => {
      const result = apply(t);
      return tf.sum(tf.mul(result, tf.tensor(Float32Array.from(weights), result.shape)));
    })(x);
    const differences = input.map((_, i) => {
      const step = 1e-6;
      const moved = (by: number) => weighted(input.map((value, j) => (j === i ? value + by : value)));
      return (moved(step) - moved(-step)) / (2 * step);
    });
    expectClose(gradient.dataSync(), differences, 1e-4);
  });

  it('topk, sorted, with the indices of the values', () => {
    const { values, indices } = tf.topk(tf.tensor2d([3, 1, 4, 1, 5, 9], [2, 3]), 2);
    expect([...values.dataSync()]).toEqual([4, 3, 9, 5]);
    expect([indices.dtype, ...indices.dataSync()]).toEqual(['int32', 2, 0, 2, 1]);
  });

  it('argMax, comparisons and logic', () => {
    const labels = tf.tensor1d([0, 1, 0], 'int32');
    const same = tf.equal(tf.expandDims(labels, 0), tf.expandDims(labels, 1));
    const others = tf.logicalAnd(same, tf.logicalNot(tf.cast(tf.eye(3), 'bool')));
    expect([...tf.cast(others, 'float32').dataSync()]).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0]);
    expect([...tf.sum(tf.cast(others, 'float32'), 1).dataSync()]).toEqual([1, 0, 1]);
    expect([...tf.argMax(tf.tensor2d([1, 5, 2, 7, 0, 3], [2, 3]), 1).dataSync()]).toEqual([1, 0]);
    expect([...tf.any(others, 1).dataSync()]).toEqual([1, 0, 1]);
  });

  it('cast between float32, int32 and bool', () => {
    const x = tf.tensor1d([-1.7, 0, 2.9]);
    expect([...tf.cast(x, 'int32').dataSync()]).toEqual([-1, 0, 2]);
    expect([...tf.cast(tf.cast(x, 'bool'), 'float32').dataSync()]).toEqual([1, 0, 1]);
    expect([...tf.cast(tf.tensor1d([3, -4], 'int32'), 'float32').dataSync()]).toEqual([3, -4]);
  });

  it('oneHot in float32', () => {
    expect([...tf.oneHot(tf.tensor1d([1, 0], 'int32'), 3, 1, 0, 'float32').dataSync()]).toEqual([0, 1, 0, 1, 0, 0]);
  });

  it('tells what is not finite', () => {
    const x = tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY]);
    expect([...tf.isFinite(x).dataSync()]).toEqual([1, 0, 0]);
    expect([...tf.isNaN(x).dataSync()]).toEqual([0, 1, 0]);
    // A NaN must not be swallowed on its way to the loss.
    expect(tf.sum(x).dataSync()[0]).toBeNaN();
    expect(tf.mean(tf.mul(x, 0)).dataSync()[0]).toBeNaN();
    expect([...tf.maximum(x, 0).dataSync()][1]).toBeNaN();
  });

  it('differentiates by variables, and assigns them', () => {
    const weight = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]));
    const bias = tf.variable(tf.tensor1d([0.5, -0.5]));
    const x = tf.tensor2d([1, -1], [1, 2]);
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.square(tf.add(tf.matMul(x, weight as tf.Tensor2D), bias))) as tf.Scalar,
    );
    // x·W + b = (−1.5, −2.5)
    expect(value.dataSync()[0]).toBeCloseTo(8.5, 5);
    expectClose((grads[bias.name] as tf.Tensor).dataSync(), Float64Array.of(-3, -5), 1e-6);
    expectClose((grads[weight.name] as tf.Tensor).dataSync(), Float64Array.of(-3, -5, 3, 5), 1e-6);
    weight.assign(tf.sub(weight, tf.mul(grads[weight.name] as tf.Tensor, 0.5)));
    expectClose(weight.dataSync(), Float64Array.of(2.5, 4.5, 1.5, 1.5), 1e-6);
    tf.dispose([weight, bias]);
  });

  it('takes custom gradients', () => {
    const doubledBackwards = tf.customGrad((x, save) => {
      const input = x as tf.Tensor;
      (save as tf.GradSaveFunc)([input]);
      return {
        value: tf.square(input),
        gradFunc: (dy, saved) => tf.mul(dy as tf.Tensor, tf.mul(saved[0] as tf.Tensor, 4)),
      };
    });
    expect([
      ...tf
        .grad((x) => tf.sum(doubledBackwards(x)))(tf.tensor1d([1, 2]))
        .dataSync(),
    ]).toEqual([4, 8]);
  });
});

/** Within a tolerance relative to the largest expected magnitude (at least 1). */
function expectClose(actual: ArrayLike<number>, expected: Float64Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...expected.map(Math.abs));
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(at(actual, i) - at(expected, i)), `element ${i}`).toBeLessThanOrEqual(tolerance * scale);
  }
}

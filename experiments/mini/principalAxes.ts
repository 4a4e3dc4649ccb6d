import * as tf from '@tensorflow/tfjs-core';
import { EigenvalueDecomposition, Matrix as Square } from 'ml-matrix';
import { type Matrix, rowRanges, rowsTensor } from '../../src/evaluation/matrix.ts';

const chunk = 8192;

/**
 * The `count` directions in which the rows have the greatest mean square, [columns, count], the greatest first: the
 * right singular vectors. The rows are not centred, because inner products (and so cosines) are what must be kept, and
 * of all projections on `count` dimensions this one keeps them best (Eckart & Young 1936).
 */
export function principalAxes(rows: Matrix, count: number): Matrix {
  const { columns } = rows;
  const gram = tf.tidy(() => {
    const parts = rowRanges(rows.rows, chunk).map((range) => {
      const part = rowsTensor(rows, range);
      return tf.matMul(part, part, true);
    });
    return tf.addN(parts).dataSync();
  });
  const { eigenvectorMatrix } = new EigenvalueDecomposition(Square.from1DArray(columns, columns, gram), {
    assumeSymmetric: true,
  });
  // Eigenvalues come in ascending order.
  const data = Float32Array.from({ length: columns * count }, (_, i) =>
    eigenvectorMatrix.get(Math.floor(i / count), columns - 1 - (i % count)),
  );
  return { data, rows: columns, columns: count };
}

/** rows · axes · scale, [rows, count] */
export function project(rows: Matrix, axes: Matrix, scale: number): Matrix {
  const data = new Float32Array(rows.rows * axes.columns);
  for (const range of rowRanges(rows.rows, chunk)) {
    const part = tf.tidy(() =>
      tf.mul(tf.matMul(rowsTensor(rows, range), rowsTensor(axes, { from: 0, to: axes.rows })), scale).dataSync(),
    );
    data.set(part, range.from * axes.columns);
  }
  return { data, rows: rows.rows, columns: axes.columns };
}

/** Over all numbers. */
export function meanSquare({ data }: Matrix): number {
  return data.reduce((sum, value) => sum + value * value, 0) / data.length;
}

import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { type RandomStream, stream } from '../../src/random.ts';

/** A matrix in float64, row by row: what the oracles compute with. */
export type Rows = number[][];

export function randomRows(rows: number, columns: number, random: RandomStream): Rows {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));
}

export function normalised(rows: Rows): Rows {
  return rows.map((row) => row.map((value) => value / Math.hypot(...row)));
}

/** Labels 0 … classes − 1 drawn with replacement: small batches have lone anchors. */
function randomLabels(size: number, classes: number, random: RandomStream): Int32Array {
  return Int32Array.from({ length: size }, () => random.integer(classes));
}

/** Two batches of unit vectors with labels that follow from a seed. */
export function randomBatch(size: number, dimensions: number, classes: number, seed: number) {
  const random = stream(seed, 'batch', size, dimensions, classes);
  return {
    rows: normalised(randomRows(size, dimensions, random)),
    others: normalised(randomRows(size, dimensions, random)),
    labels: randomLabels(size, classes, random),
  };
}

/** A random rotation (with or without a reflection): Gram–Schmidt on normal rows. */
export function randomRotation(dimensions: number, random: RandomStream): Rows {
  const basis: Rows = [];
  for (const row of randomRows(dimensions, dimensions, random)) {
    const rest = basis.reduce((r, b) => r.map((value, k) => value - dot(row, b) * (b[k] ?? 0)), row);
    basis.push(...normalised([rest]));
  }
  return basis;
}

/** Each row times the transpose of `matrix`. */
export function transform(rows: Rows, matrix: Rows): Rows {
  return rows.map((row) => matrix.map((direction) => dot(row, direction)));
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);
}

/** Central differences of a float64 function. */
export function finiteDifferences(f: (rows: Rows) => number, at: Rows, step = 1e-5): Rows {
  return at.map((row, i) =>
    row.map((_, k) => {
      const moved = (by: number) => f(at.map((r, j) => (j === i ? r.map((v, l) => (l === k ? v + by : v)) : r)));
      return (moved(step) - moved(-step)) / (2 * step);
    }),
  );
}

export function scalarOf(scalar: tf.Tensor): number {
  return scalar.dataSync()[0] ?? Number.NaN;
}

/** Value and gradient of a tf function of a matrix. */
export function valueAndGradient(f: (x: tf.Tensor2D) => tf.Scalar, at: Rows): { value: number; gradient: Rows } {
  const { value, grad } = tf.valueAndGrad(f)(tf.tensor2d(at));
  return { value: scalarOf(value), gradient: (grad as tf.Tensor2D).arraySync() };
}

/** Compares every entry, relative to the largest of `expected` or to 1. */
export function expectClose(actual: Rows, expected: Rows, tolerance: number): void {
  const scale = Math.max(1, ...expected.flat().map(Math.abs));
  const error = Math.max(
    ...expected.flatMap((row, i) => row.map((v, k) => Math.abs(v - (actual[i]?.[k] ?? Number.NaN)))),
  );
  expect(error).toBeLessThanOrEqual(tolerance * scale);
}

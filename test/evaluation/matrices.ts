import type { Matrix } from '../../src/evaluation/matrix.ts';
import { stream } from '../../src/random.ts';

/** A matrix of these rows. */
export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { data: Float32Array.from(rows.flat()), rows: rows.length, columns: rows[0]?.length ?? 0 };
}

/** Standard normal values. */
export function randomMatrix(rows: number, columns: number, seed: number): Matrix {
  const random = stream(seed, 'matrix');
  return { data: Float32Array.from({ length: rows * columns }, () => random.normal()), rows, columns };
}

/** The matrix with its values changed one by one. */
export function mapValues(matrix: Matrix, change: (value: number, i: number) => number): Matrix {
  return { ...matrix, data: matrix.data.map((value, i) => change(value, i)) };
}

/** Every row turned by the same orthogonal map: three reflections (Householder) at random planes. */
export function rotated({ data, rows, columns }: Matrix, seed: number): Matrix {
  const turned = Float64Array.from(data);
  for (let turn = 0; turn < 3; turn++) {
    const random = stream(seed, 'rotation', turn);
    const normal = Array.from({ length: columns }, () => random.normal());
    const squares = normal.reduce((sum, v) => sum + v * v, 0);
    for (let i = 0; i < rows; i++) {
      const at = i * columns;
      const projection = normal.reduce((sum, v, j) => sum + v * (turned[at + j] as number), 0) / squares;
      for (let j = 0; j < columns; j++)
        turned[at + j] = (turned[at + j] as number) - 2 * projection * (normal[j] as number);
    }
  }
  return { data: Float32Array.from(turned), rows, columns };
}

/** The rows as plain numbers, for oracles in float64. */
export function plainRows({ data, rows, columns }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
}

export const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, v, j) => sum + v * (b[j] as number), 0);

/** Cosine in float64; 0 with a row of zeros. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  const lengths = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
  return lengths === 0 ? 0 : dot(a, b) / lengths;
}

import * as tf from '@tensorflow/tfjs-core';

/** Numbers in rows, outside of any engine; row i is `data[i * columns]` and what follows. */
export interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** A half-open range of rows. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** A view of one row. */
export function row({ data, columns }: Matrix, i: number): Float32Array {
  return data.subarray(i * columns, (i + 1) * columns);
}

/** A view of some rows. */
export function rowRange({ data, columns }: Matrix, { from, to }: RowRange): Matrix {
  return { data: data.subarray(from * columns, to * columns), rows: to - from, columns };
}

/** The given rows, in the given order. */
export function selectRows(matrix: Matrix, indices: ArrayLike<number>): Matrix {
  const { columns } = matrix;
  const data = new Float32Array(indices.length * columns);
  for (let i = 0; i < indices.length; i++) data.set(row(matrix, indices[i] as number), i * columns);
  return { data, rows: indices.length, columns };
}

/** Matrices of equally many columns below one another; at least one. */
export function concatRows(matrices: readonly Matrix[]): Matrix {
  const columns = matrices[0]?.columns;
  if (columns === undefined || matrices.some((m) => m.columns !== columns)) {
    throw new RangeError(`cannot stack matrices of ${matrices.map((m) => m.columns).join(', ') || 'no'} columns`);
  }
  const rows = matrices.reduce((sum, m) => sum + m.rows, 0);
  const data = new Float32Array(rows * columns);
  let offset = 0;
  for (const m of matrices) {
    data.set(m.data, offset);
    offset += m.data.length;
  }
  return { data, rows, columns };
}

/** Mean of each column. */
export function columnMeans({ data, rows, columns }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  for (let i = 0; i < data.length; i++) {
    means[i % columns] = (means[i % columns] as number) + (data[i] as number) / rows;
  }
  return means;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] as number) * (b[j] as number);
  return sum;
}

/** The values of a tensor that the engine computes now; nothing else of it stays. */
export async function valuesOf(compute: () => tf.Tensor): Promise<Float32Array> {
  const tensor = tf.tidy(compute);
  const values = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return values;
}

/** Euclidean norm. */
export function norm(values: Float32Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}

/** Each row divided by its Euclidean norm; a row of zeros stays as it is, so that its cosine with any other is 0. */
export function normaliseRows(matrix: Matrix): Matrix {
  const { rows, columns } = matrix;
  const data = new Float32Array(matrix.data.length);
  for (let i = 0; i < rows; i++) {
    const values = row(matrix, i);
    const length = norm(values);
    if (length === 0) continue;
    for (let j = 0; j < columns; j++) data[i * columns + j] = (values[j] as number) / length;
  }
  return { data, rows, columns };
}

/** Consecutive ranges that cover the rows, each of at most `chunk` rows. */
export function rowRanges(rows: number, chunk: number): RowRange[] {
  return Array.from({ length: Math.ceil(rows / chunk) }, (_, i) => ({
    from: i * chunk,
    to: Math.min(rows, (i + 1) * chunk),
  }));
}

/** A range of rows as a tensor of the engine, [to − from, columns]. */
export function rowsTensor({ data, columns }: Matrix, { from, to }: RowRange): tf.Tensor2D {
  return tf.tensor2d(data.subarray(from * columns, to * columns), [to - from, columns]);
}

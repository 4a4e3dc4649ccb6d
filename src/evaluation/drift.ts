import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type Neighbours, nearestOthers, type SearchOptions } from './cosineSearch.ts';
import { defineEvaluator } from './evaluator.ts';
import { columnMeans, type Matrix, norm, normaliseRows, type RowRange, row, rowRanges, rowsTensor } from './matrix.ts';

const schema = z.strictObject({
  /** Neighbours whose overlap is taken. */
  k: z.int().positive().default(10),
  /** Other numbers of neighbours, whose overlap is `neighbourOverlapAt5`, …. */
  alsoAt: z.array(z.int().positive()).default([]),
  /** Rows that are compared at a time: chunk² similarities are in memory, 16 MB at the default. */
  chunk: z.int().positive().default(2048),
});

/**
 * How far the test texts' embeddings h have moved from the original encoder's h0. No definition of Δemb is published
 * with the method it comes from (arXiv 2310.18930); here it is {@link deltaMse}, the quantity that vector space
 * preservation penalises, and the other measures stand beside it.
 */
export const drift = defineEvaluator({
  schema,
  primary: 'deltaEmb',
  async evaluate({ test: { embeddings }, original }, { k, alsoAt, chunk }) {
    const [overlap, ...others] = await neighbourOverlaps(embeddings, original.test, [k, ...alsoAt], chunk);
    return {
      deltaEmb: deltaMse(embeddings, original.test),
      deltaL2: deltaL2(embeddings, original.test),
      deltaCos: deltaCos(embeddings, original.test),
      deltaTopo: await deltaTopo(embeddings, original.test, chunk),
      neighbourOverlap: overlap as number,
      ...Object.fromEntries(alsoAt.map((other, i) => [`neighbourOverlapAt${other}`, others[i] as number])),
      cka: await linearCka(embeddings, original.test),
    };
  },
});

/** Mean of (h − h0)² over texts and dimensions. */
export function deltaMse(embeddings: Matrix, original: Matrix): number {
  return meanOverRows(embeddings, original, (h, h0) => squaredDistance(h, h0) / h.length);
}

/** Mean of ‖h − h0‖₂ over the texts. */
export function deltaL2(embeddings: Matrix, original: Matrix): number {
  return meanOverRows(embeddings, original, (h, h0) => Math.sqrt(squaredDistance(h, h0)));
}

/** Mean of 1 − cos(h, h0) over the texts. A vector of zeros has cosine 0 with any other, and 1 with itself. */
export function deltaCos(embeddings: Matrix, original: Matrix): number {
  return meanOverRows(embeddings, original, cosineDistance);
}

function meanOverRows(
  embeddings: Matrix,
  original: Matrix,
  distance: (h: Float32Array, h0: Float32Array) => number,
): number {
  requireSameShape(embeddings, original, 1);
  let sum = 0;
  for (let i = 0; i < embeddings.rows; i++) sum += distance(row(embeddings, i), row(original, i));
  return sum / embeddings.rows;
}

function squaredDistance(h: Float32Array, h0: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < h.length; j++) sum += ((h[j] as number) - (h0[j] as number)) ** 2;
  return sum;
}

/** 1 − cos(h, h0) as half the squared distance of the unit vectors, which is exact for nearly equal ones. */
function cosineDistance(h: Float32Array, h0: Float32Array): number {
  const length = norm(h);
  const length0 = norm(h0);
  if (length === 0 || length0 === 0) return length === length0 ? 0 : 1;
  let sum = 0;
  for (let j = 0; j < h.length; j++) sum += ((h[j] as number) / length - (h0[j] as number) / length0) ** 2;
  return sum / 2;
}

/**
 * Topology: mean of |cos(h_i, h_j) − cos(h0_i, h0_j)| over the pairs i < j, at least one. The cosine with a vector of
 * zeros is 0.
 */
export async function deltaTopo(embeddings: Matrix, original: Matrix, chunk: number): Promise<number> {
  requireSameShape(embeddings, original, 2);
  const unit = normaliseRows(embeddings);
  const unit0 = normaliseRows(original);
  const ranges = rowRanges(unit.rows, chunk);
  let sum = 0;
  for (const [i, rows] of ranges.entries()) {
    for (const columns of ranges.slice(i)) {
      const sums = tf.tidy(() => {
        const change = tf.abs(tf.sub(cosines(unit, rows, columns), cosines(unit0, rows, columns)));
        if (rows !== columns) return tf.sum(change, 1);
        // A block on the diagonal holds each pair twice, and each text with itself.
        return tf.div(tf.sum(tf.mul(change, tf.sub(1, tf.eye(rows.to - rows.from))), 1), 2);
      });
      for (const value of await sums.data()) sum += value;
      sums.dispose();
    }
  }
  return sum / ((unit.rows * (unit.rows - 1)) / 2);
}

function cosines(unit: Matrix, rows: RowRange, columns: RowRange): tf.Tensor2D {
  return tf.matMul(rowsTensor(unit, rows), rowsTensor(unit, columns), false, true);
}

/** For each k the mean Jaccard index of each text's k nearest other texts, by h and by h0: 1 if all neighbours are kept. */
export async function neighbourOverlaps(
  embeddings: Matrix,
  original: Matrix,
  ks: readonly number[],
  chunk: number,
): Promise<number[]> {
  requireSameShape(embeddings, original, 2);
  const options = { k: Math.max(...ks), chunk };
  const now = await nearestOthers(embeddings, options);
  const before = await originalNeighbours(original, options);
  return ks.map((wanted) => {
    const k = Math.min(wanted, now.k);
    let sum = 0;
    for (let i = 0; i < embeddings.rows; i++) {
      const known = new Set(neighboursOf(before, i).subarray(0, k));
      const kept = neighboursOf(now, i)
        .subarray(0, k)
        .reduce((count, j) => count + (known.has(j) ? 1 : 0), 0);
      sum += kept / (2 * k - kept);
    }
    return sum / embeddings.rows;
  });
}

/** Of original embeddings, with which a process compares many encoders. */
const known = new WeakMap<Matrix, Map<string, Promise<Neighbours>>>();

function originalNeighbours(original: Matrix, options: SearchOptions): Promise<Neighbours> {
  const own = known.get(original) ?? new Map<string, Promise<Neighbours>>();
  known.set(original, own);
  const key = JSON.stringify({ engine: tf.getBackend(), ...options });
  const found = own.get(key) ?? nearestOthers(original, options);
  own.set(key, found);
  // What failed once may work the next time.
  found.catch(() => own.delete(key));
  return found;
}

function neighboursOf({ indices, k }: Neighbours, i: number): Int32Array {
  return indices.subarray(i * k, (i + 1) * k);
}

/**
 * Linear centred kernel alignment, ‖HᵀH0‖_F² / (‖HᵀH‖_F ‖H0ᵀH0‖_F) with the columns centred (Kornblith et al. 2019,
 * ICML; arXiv 1905.00414): 1 up to rotation and scale. Where all rows of a matrix are equal nothing is left after
 * centring: 1 if that is so in both, 0 if in one.
 */
export async function linearCka(embeddings: Matrix, original: Matrix): Promise<number> {
  requireSameShape(embeddings, original, 2);
  const centred = centre(embeddings);
  const centred0 = centre(original);
  if (!centred || !centred0) return centred === centred0 ? 1 : 0;
  const cross = await squaredNormOfProduct(centred, centred0);
  const own = await squaredNormOfProduct(centred, centred);
  const own0 = await squaredNormOfProduct(centred0, centred0);
  return cross / Math.sqrt(own * own0);
}

/** The matrix with its column means taken off, scaled to norm 1; null if only rounding errors are left. */
function centre({ data, rows, columns }: Matrix): Matrix | null {
  const means = columnMeans({ data, rows, columns });
  let squares = 0;
  let centredSquares = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    squares += value ** 2;
    centredSquares += (value - (means[i % columns] as number)) ** 2;
  }
  const float32Epsilon = 2 ** -23;
  if (Math.sqrt(centredSquares) <= float32Epsilon * Math.sqrt(squares)) return null;
  const length = Math.sqrt(centredSquares);
  return { data: data.map((value, i) => (value - (means[i % columns] as number)) / length), rows, columns };
}

/** ‖AᵀB‖_F² */
async function squaredNormOfProduct(a: Matrix, b: Matrix): Promise<number> {
  const all = { from: 0, to: a.rows };
  const product = tf.tidy(() => tf.matMul(rowsTensor(a, all), rowsTensor(b, all), true, false));
  let sum = 0;
  for (const value of await product.data()) sum += value ** 2;
  product.dispose();
  return sum;
}

function requireSameShape(embeddings: Matrix, original: Matrix, fewestRows: number): void {
  const same = embeddings.rows === original.rows && embeddings.columns === original.columns;
  if (same && embeddings.rows >= fewestRows) return;
  throw new RangeError(
    `cannot compare embeddings [${embeddings.rows}, ${embeddings.columns}] with ` +
      `[${original.rows}, ${original.columns}]: expected the same shape and at least ${fewestRows} rows`,
  );
}

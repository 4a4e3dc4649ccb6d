import * as tf from '@tensorflow/tfjs-core';
import { type Matrix, normaliseRows, rowRanges, rowsTensor } from './matrix.ts';

/** The nearest rows of each query. */
export interface Neighbours {
  /** [queries, k], row numbers of the references, the nearest first. */
  readonly indices: Int32Array;
  /** Neighbours a query: what was asked for, or all the references if there are fewer. */
  readonly k: number;
}

/** How a search is done. */
export interface SearchOptions {
  readonly k: number;
  /** Rows of queries and of references that are compared at a time: `chunk`² similarities are in memory. */
  readonly chunk: number;
}

// Every cosine is above it, so that an excluded pair comes after all others.
const excluded = -4;

/**
 * Exact nearest neighbours by cosine similarity, which is 0 for a row of zeros. Of references with the same similarity
 * the first comes first. The similarities are products of the engine: two that differ by less than its rounding (1e-7 in
 * float32, 1e-2 in bfloat16) may change places.
 */
export function nearestNeighbours(queries: Matrix, references: Matrix, options: SearchOptions): Promise<Neighbours> {
  return search(normaliseRows(queries), normaliseRows(references), options, false);
}

/** The nearest other rows of each row, as {@link nearestNeighbours} finds them. */
export function nearestOthers(matrix: Matrix, options: SearchOptions): Promise<Neighbours> {
  const unit = normaliseRows(matrix);
  return search(unit, unit, options, true);
}

async function search(
  queries: Matrix,
  references: Matrix,
  { k: wanted, chunk }: SearchOptions,
  excludeSelf: boolean,
): Promise<Neighbours> {
  const k = Math.min(wanted, references.rows - (excludeSelf ? 1 : 0));
  if (k < 1) throw new RangeError(`cannot find ${wanted} neighbours among ${references.rows} rows`);
  const indices = new Int32Array(queries.rows * k);
  for (const range of rowRanges(queries.rows, chunk)) {
    const query = rowsTensor(queries, range);
    let best: Candidates | undefined;
    for (const referenceRange of rowRanges(references.rows, chunk)) {
      const { from } = referenceRange;
      const merged: Candidates = tf.tidy(() => {
        const cosines: tf.Tensor2D = tf.matMul(query, rowsTensor(references, referenceRange), false, true);
        const onDiagonal = excludeSelf && from === range.from;
        const found = topCandidates(
          onDiagonal ? tf.add(cosines, tf.mul(tf.eye(cosines.shape[0]), excluded)) : cosines,
          k,
        );
        return merge(best, { ...found, indices: tf.add(found.indices, tf.scalar(from, 'int32')) }, k);
      });
      if (best) tf.dispose([best.values, best.indices]);
      best = merged;
    }
    query.dispose();
    if (best === undefined) continue;
    indices.set(await best.indices.data<'int32'>(), range.from * k);
    tf.dispose([best.values, best.indices]);
  }
  return { indices, k };
}

/** The best so far, [queries, at most k], the nearest first. */
type Candidates = { values: tf.Tensor; indices: tf.Tensor };

function topCandidates(cosines: tf.Tensor, k: number): Candidates {
  return tf.topk(cosines, Math.min(k, cosines.shape[1] as number));
}

/** The best of two lists. topk keeps the order of equal values, so that earlier references stay in front. */
function merge(earlier: Candidates | undefined, later: Candidates, k: number): Candidates {
  if (!earlier) return later;
  const values = tf.concat([earlier.values, later.values], 1);
  const best = topCandidates(values, k);
  // Places in the flattened lists: gather's batchDims give wrong results on WebAssembly.
  const [queries = 0, width = 0] = values.shape;
  const places = tf.add(best.indices, tf.reshape(tf.range(0, queries * width, width, 'int32'), [queries, 1]));
  const indices = tf.reshape(tf.concat([earlier.indices, later.indices], 1), [queries * width]);
  return { values: best.values, indices: tf.gather(indices, places) };
}

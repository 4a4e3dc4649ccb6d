import * as tf from '@tensorflow/tfjs-core';
import { stream } from '../random.ts';
import { columnMeans, type Matrix, rowsTensor, selectRows, valuesOf } from './matrix.ts';

export interface KMeansOptions {
  readonly clusters: number;
  /** Starts; the one with the least inertia counts. */
  readonly starts: number;
  /** Rounds of a start at most. */
  readonly maxIterations: number;
  readonly seed: number;
}

export interface KMeansResult {
  /** Cluster of each row. */
  readonly assignments: Int32Array;
  /** Sum of the squared distances of the rows to their centres. */
  readonly inertia: number;
}

/** A start has settled when its centres move, all together, by less than this share of the data's mean variance. */
const tolerance = 1e-4;

/**
 * k-means by Lloyd's algorithm from k-means++ starts (Arthur & Vassilvitskii 2007) with several candidates for each
 * centre, of which the best is taken, as scikit-learn does it. All starts run side by side, so that each round is one
 * product with the centres of all of them. A cluster that loses all its rows gets the row farthest from its centre.
 *
 * @throws RangeError for fewer rows than clusters
 */
export async function kMeans(matrix: Matrix, options: KMeansOptions): Promise<KMeansResult> {
  const { clusters, starts, maxIterations, seed } = options;
  const { rows, columns } = matrix;
  if (rows < clusters) throw new RangeError(`cannot make ${clusters} clusters of ${rows} rows`);
  const data = centred(matrix);
  const x = rowsTensor(data, { from: 0, to: rows });
  const squares = squaredNorms(data);
  const settled = (tolerance * squares.reduce((sum, square) => sum + square, 0)) / rows / columns;
  try {
    let running = (await startingCentres(data, x, squares, clusters, starts, seed)).map(
      (centres): Start => ({
        centres,
        assignments: new Int32Array(rows),
        distances: new Float32Array(rows),
        inertia: 0,
      }),
    );
    const finished: Start[] = [];
    for (let round = 0; running.length > 0; round++) {
      await assign(x, squares, running, clusters, columns);
      const goesOn: Start[] = [];
      for (const start of running) {
        if (round === maxIterations || start.isLast) finished.push(start);
        else goesOn.push(start);
      }
      running = goesOn;
      if (running.length > 0) await moveCentres(x, running, clusters, settled);
    }
    return finished.reduce((best, next) => (next.inertia < best.inertia ? next : best));
  } finally {
    x.dispose();
  }
}

/** One start on its way. */
interface Start {
  /** [clusters, columns] */
  centres: Float32Array;
  assignments: Int32Array;
  /** Squared, of each row to its centre. */
  distances: Float32Array;
  inertia: number;
  /** Whether the centres have settled, so that the next assignment is the last. */
  isLast?: boolean;
}

/** The matrix less its column means, by which distances lose no digits to a common offset. */
function centred({ data, rows, columns }: Matrix): Matrix {
  const means = columnMeans({ data, rows, columns });
  return { data: data.map((value, i) => value - (means[i % columns] as number)), rows, columns };
}

function squaredNorms({ data, rows, columns }: Matrix): Float32Array {
  const squares = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = i * columns; j < (i + 1) * columns; j++) sum += (data[j] as number) ** 2;
    squares[i] = sum;
  }
  return squares;
}

/** Products of all rows with each of `count` vectors, [rows, count]. */
function productsWith(x: tf.Tensor2D, vectors: Float32Array, count: number): Promise<Float32Array> {
  return valuesOf(() => tf.matMul(x, tf.tensor2d(vectors, [count, vectors.length / count]), false, true));
}

/** The centres that each start begins with, [clusters, columns] each. */
async function startingCentres(
  data: Matrix,
  x: tf.Tensor2D,
  squares: Float32Array,
  clusters: number,
  count: number,
  seed: number,
): Promise<Float32Array[]> {
  const { rows } = data;
  const candidates = 2 + Math.floor(Math.log(clusters));
  const starts = Array.from({ length: count }, (_, number) => {
    const random = stream(seed, 'kMeans', number);
    const first = random.integer(rows);
    return {
      random,
      chosen: [first],
      closest: new Float32Array(rows).fill(Number.POSITIVE_INFINITY) as Float32Array,
      tried: [first],
    };
  });
  for (let centre = 0; centre < clusters; centre++) {
    const tried = starts.flatMap((start) => start.tried);
    const products = await productsWith(x, selectRows(data, tried).data, tried.length);
    let offset = 0;
    for (const start of starts) {
      let best: { potential: number; row: number; closest: Float32Array } | undefined;
      for (const [i, row] of start.tried.entries()) {
        const closest = new Float32Array(rows);
        let potential = 0;
        for (let other = 0; other < rows; other++) {
          const product = products[other * tried.length + offset + i] as number;
          const distance = Math.max(0, (squares[other] as number) + (squares[row] as number) - 2 * product);
          const nearer = Math.min(distance, start.closest[other] as number);
          closest[other] = nearer;
          potential += nearer;
        }
        if (!best || potential < best.potential) best = { potential, row, closest };
      }
      offset += start.tried.length;
      if (!best) throw new RangeError('a start without candidates');
      start.closest = best.closest;
      if (centre > 0) start.chosen.push(best.row);
      start.tried = Array.from({ length: candidates }, () =>
        drawn(start.closest, best.potential * start.random.uniform(), start.random),
      );
    }
  }
  return starts.map(({ chosen }) => selectRows(data, chosen).data);
}

/** The row at which the running sum of the weights passes `target`; where all weights are 0, any row. */
function drawn(weights: Float32Array, target: number, random: { integer(below: number): number }): number {
  let sum = 0;
  for (let row = 0; row < weights.length; row++) {
    sum += weights[row] as number;
    if (sum > target) return row;
  }
  return random.integer(weights.length);
}

/** Each row goes to its nearest centre, of equally near ones to the first. */
async function assign(
  x: tf.Tensor2D,
  squares: Float32Array,
  starts: readonly Start[],
  clusters: number,
  columns: number,
): Promise<void> {
  const all = new Float32Array(starts.length * clusters * columns);
  starts.forEach(({ centres }, i) => {
    all.set(centres, i * clusters * columns);
  });
  const count = starts.length * clusters;
  const centreSquares = squaredNorms({ data: all, rows: count, columns });
  const products = await productsWith(x, all, count);
  starts.forEach((start, number) => {
    start.inertia = 0;
    for (let row = 0; row < squares.length; row++) {
      let least = Number.POSITIVE_INFINITY;
      let nearest = 0;
      for (let cluster = 0; cluster < clusters; cluster++) {
        const place = number * clusters + cluster;
        // Without the row's own square, which is the same for all centres.
        const distance = (centreSquares[place] as number) - 2 * (products[row * count + place] as number);
        if (distance < least) {
          least = distance;
          nearest = cluster;
        }
      }
      const distance = Math.max(0, least + (squares[row] as number));
      start.assignments[row] = nearest;
      start.distances[row] = distance;
      start.inertia += distance;
    }
  });
}

/** Each centre goes to the mean of its rows. */
async function moveCentres(x: tf.Tensor2D, starts: readonly Start[], clusters: number, settled: number): Promise<void> {
  const [rows, columns] = x.shape;
  const count = starts.length * clusters;
  const counts = starts.map((start) => {
    const members = new Int32Array(clusters);
    for (const cluster of start.assignments) members[cluster] = (members[cluster] as number) + 1;
    fillEmpty(start, members);
    return members;
  });
  const membership = new Float32Array(rows * count);
  starts.forEach(({ assignments }, number) => {
    for (let row = 0; row < rows; row++) membership[row * count + number * clusters + (assignments[row] as number)] = 1;
  });
  const values = await valuesOf(() => tf.matMul(tf.tensor2d(membership, [rows, count]), x, true, false));
  starts.forEach((start, number) => {
    let moved = 0;
    for (let cluster = 0; cluster < clusters; cluster++) {
      const members = counts[number]?.[cluster] as number;
      for (let j = 0; j < columns; j++) {
        const place = cluster * columns + j;
        const mean = (values[number * clusters * columns + place] as number) / members;
        moved += (mean - (start.centres[place] as number)) ** 2;
        start.centres[place] = mean;
      }
    }
    start.isLast = moved <= settled;
  });
}

/** Gives each empty cluster the row that is farthest from its centre and not alone there. */
function fillEmpty(start: Start, members: Int32Array): void {
  for (let cluster = 0; cluster < members.length; cluster++) {
    if (members[cluster] !== 0) continue;
    let farthest = -1;
    for (let row = 0; row < start.distances.length; row++) {
      const own = start.assignments[row] as number;
      if ((members[own] as number) < 2) continue;
      if (farthest < 0 || (start.distances[row] as number) > (start.distances[farthest] as number)) farthest = row;
    }
    const left = start.assignments[farthest] as number;
    members[left] = (members[left] as number) - 1;
    members[cluster] = 1;
    start.assignments[farthest] = cluster;
    start.distances[farthest] = 0;
  }
}

import { z } from 'zod';
import { clusterAgreement } from './clusterAgreement.ts';
import { defineEvaluator } from './evaluator.ts';
import { kMeans } from './kMeans.ts';
import { dot, type Matrix, normaliseRows, row } from './matrix.ts';

const schema = z.strictObject({
  /** Starts of k-means, of which the best counts. */
  starts: z.int().positive().default(10),
  /** Rounds of each start at most. */
  maxIterations: z.int().positive().default(300),
});

/**
 * k-means on the test texts' embeddings, scaled to length 1, with as many clusters as there are classes among them; how
 * well the clusters agree with the classes; and how far apart the classes themselves lie.
 */
export const clustering = defineEvaluator({
  schema,
  primary: 'ami',
  async evaluate({ test: { embeddings, labels }, seed }, { starts, maxIterations }) {
    const unit = normaliseRows(embeddings);
    const clusters = new Set(labels).size;
    const { assignments } = await kMeans(unit, { clusters, starts, maxIterations, seed });
    return { ...clusterAgreement(labels, assignments), silhouette: cosineSilhouette(unit, labels) };
  },
});

/**
 * Mean silhouette of the classes by cosine distance (Rousseeuw 1987), −1 to 1; 0 for a class of one text, and where
 * there is a single class. As the mean distance to a class is 1 less the product with the mean of its vectors, no pair
 * of texts is compared.
 *
 * @param unit rows of length 1 or 0
 */
export function cosineSilhouette(unit: Matrix, labels: Int32Array): number {
  const { rows, columns } = unit;
  const sums = new Map<number, { total: Float64Array; count: number }>();
  for (let i = 0; i < rows; i++) {
    const label = labels[i] as number;
    const sum = sums.get(label) ?? { total: new Float64Array(columns), count: 0 };
    sums.set(label, sum);
    sum.count++;
    row(unit, i).forEach((value, j) => {
      sum.total[j] = (sum.total[j] as number) + value;
    });
  }
  if (sums.size < 2) return 0;
  let silhouettes = 0;
  for (let i = 0; i < rows; i++) {
    const values = row(unit, i);
    const square = dot(values, values);
    let within = 0;
    let nearest = Number.POSITIVE_INFINITY;
    for (const [label, { total, count }] of sums) {
      const product = dot(values, total);
      if (label !== labels[i]) nearest = Math.min(nearest, 1 - product / count);
      else if (count > 1) within = 1 - (product - square) / (count - 1);
      else within = Number.NaN;
    }
    if (Number.isNaN(within)) continue;
    const larger = Math.max(within, nearest);
    silhouettes += larger === 0 ? 0 : (nearest - within) / larger;
  }
  return silhouettes / rows;
}

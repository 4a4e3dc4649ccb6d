import { PCA } from 'ml-pca';
import { UMAP } from 'umap-js';
import { type Matrix, row } from '../../evaluation/matrix.ts';
import { stream } from '../../random.ts';
import type { MapMethod } from '../wire.ts';

/**
 * Rows in two dimensions, each to four digits. PCA: the first two principal components. UMAP (McInnes, Healy & Melville
 * 2018): 15 neighbours by cosine, always from the same random numbers.
 *
 * @returns [x, y] of each row
 */
export function mapRows(rows: Matrix, method: MapMethod): [x: number, y: number][] {
  const vectors = Array.from({ length: rows.rows }, (_, i) => Array.from(row(rows, i)));
  const places = method === 'pca' ? principalComponents(vectors) : manifold(vectors);
  return places.map(([x = 0, y = 0]) => [round(x), round(y)]);
}

function principalComponents(vectors: number[][]): number[][] {
  const pca = new PCA(vectors, { method: 'NIPALS', nCompNIPALS: 2 });
  return pca.predict(vectors, { nComponents: 2 }).to2DArray();
}

function manifold(vectors: number[][]): number[][] {
  const { uniform } = stream(0, 'umap');
  const nNeighbors = Math.min(15, vectors.length - 1);
  const umap = new UMAP({ nComponents: 2, nNeighbors, random: uniform, distanceFn: cosineDistance });
  return umap.fit(vectors);
}

function cosineDistance(a: readonly number[], b: readonly number[]): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (let j = 0; j < a.length; j++) {
    const [x, y] = [a[j] as number, b[j] as number];
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return 1 - product / (Math.sqrt(ofA * ofB) || 1);
}

/** What does not vary has no direction: it lies in the middle. */
function round(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : 0;
}

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type Neighbours, nearestNeighbours, nearestOthers } from '../../src/evaluation/cosineSearch.ts';
import type { Matrix } from '../../src/evaluation/matrix.ts';
import { onEachEngine } from '../engine/engines.ts';
import { cosine, matrixOf, plainRows, randomMatrix } from './matrices.ts';

/** Row numbers of the k greatest cosines in float64, equal ones in ascending order. */
function naive(queries: Matrix, references: Matrix, k: number, excludeSelf: boolean): number[][] {
  return plainRows(queries).map((query, i) =>
    plainRows(references)
      .map((reference, j) => ({ j, similarity: cosine(query, reference) }))
      .filter(({ j }) => !(excludeSelf && i === j))
      .sort((a, b) => b.similarity - a.similarity || a.j - b.j)
      .slice(0, k)
      .map(({ j }) => j),
  );
}

const listsOf = ({ indices, k }: Neighbours) =>
  Array.from({ length: indices.length / k }, (_, i) => [...indices.subarray(i * k, (i + 1) * k)]);

onEachEngine('cosine search', () => {
  const grid = [1, 2, 7, 33].flatMap((references) =>
    [2, 16].flatMap((columns) =>
      [1, 3, 10].flatMap((k) => [5, 64].map((chunk) => ({ references, columns, k, chunk }))),
    ),
  );

  it('finds what a naive search in float64 finds, over references × columns × k × chunk', async () => {
    for (const { references, columns, k, chunk } of grid) {
      const reference = randomMatrix(references, columns, 1);
      const query = randomMatrix(9, columns, 2);
      const found = await nearestNeighbours(query, reference, { k, chunk });
      const at = JSON.stringify({ references, columns, k, chunk });
      expect(found.k, at).toBe(Math.min(k, references));
      expect(listsOf(found), at).toEqual(naive(query, reference, k, false));
      if (references === 1) continue;
      const others = await nearestOthers(reference, { k, chunk });
      expect(others.k, at).toBe(Math.min(k, references - 1));
      expect(listsOf(others), at).toEqual(naive(reference, reference, k, true));
    }
  });

  describe('equal similarities', () => {
    // In one dimension every cosine is exactly 1 or −1.
    const signs = matrixOf([[2], [-1], [3], [-5], [0.5], [-2], [7]]);

    it.each([1, 2, 3, 100])('come in the order of the references, in blocks of %i', async (chunk) => {
      const found = await nearestNeighbours(matrixOf([[1], [-1]]), signs, { k: 6, chunk });
      expect(listsOf(found)).toEqual([
        [0, 2, 4, 6, 1, 3],
        [1, 3, 5, 0, 2, 4],
      ]);
    });

    it.each([1, 2, 3, 100])('of other rows likewise, and never the row itself, in blocks of %i', async (chunk) => {
      const found = await nearestOthers(signs, { k: 6, chunk });
      expect(listsOf(found).slice(0, 2)).toEqual([
        [2, 4, 6, 1, 3, 5],
        [3, 5, 0, 2, 4, 6],
      ]);
      for (const [i, list] of listsOf(found).entries()) expect(list).not.toContain(i);
    });
  });

  it('gives a row of zeros the cosine 0: behind what is alike, before what is opposite', async () => {
    const found = await nearestNeighbours(
      matrixOf([[1, 0]]),
      matrixOf([
        [-1, 0],
        [0, 0],
        [1, 0],
      ]),
      { k: 3, chunk: 2 },
    );
    expect(listsOf(found)).toEqual([[2, 1, 0]]);
  });

  it('does not depend on the rows’ lengths', async () => {
    const references = randomMatrix(20, 4, 3);
    const queries = randomMatrix(5, 4, 4);
    const stretch = (matrix: Matrix): Matrix => ({
      ...matrix,
      data: matrix.data.map((value, i) => value * 10 ** ((Math.floor(i / 4) % 7) * 5 - 15)),
    });
    const options = { k: 4, chunk: 8 };
    expect(await nearestNeighbours(stretch(queries), stretch(references), options)).toEqual(
      await nearestNeighbours(queries, references, options),
    );
  });

  it('holds a few blocks of similarities at a time, not all of them', async () => {
    const rows = 1500;
    const chunk = 100;
    const blockBytes = 4 * chunk * chunk;
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(async () => {
      await nearestOthers(randomMatrix(rows, 4, 5), { k: 10, chunk });
      return [];
    });
    expect(peakBytes - before).toBeGreaterThan(blockBytes);
    expect(peakBytes - before).toBeLessThan(8 * blockBytes);
  });

  it('finds nothing for no queries, and refuses to search nothing', async () => {
    const none = { data: new Float32Array(0), rows: 0, columns: 2 };
    const one = matrixOf([[1, 2]]);
    const options = { k: 3, chunk: 8 };
    expect((await nearestNeighbours(none, one, options)).indices).toHaveLength(0);
    await expect(nearestNeighbours(one, none, options)).rejects.toThrow('cannot find 3 neighbours among 0 rows');
    await expect(nearestOthers(one, options)).rejects.toThrow('cannot find 3 neighbours among 1 rows');
  });
});

import { EigenvalueDecomposition, Matrix as Square } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { mapRows } from '../../../src/dashboard/space/maps.ts';
import type { Matrix } from '../../../src/evaluation/matrix.ts';
import { stream } from '../../../src/random.ts';

/** Texts of two kinds far apart, and a third direction with less in it. */
function twoClouds(rows: number, columns: number): Matrix {
  const random = stream(7, 'clouds');
  const data = Float32Array.from({ length: rows * columns }, (_, place) => {
    const [i, j] = [Math.floor(place / columns), place % columns];
    const centre = j === 0 ? (i % 2 === 0 ? 4 : -4) : 0;
    return centre + random.normal() * (j === 1 ? 1.5 : 0.3);
  });
  return { data, rows, columns };
}

describe('Rows on a map', () => {
  test.each([
    [20, 3],
    [60, 8],
    [200, 40],
  ])('by principal components are those of the eigenvectors of the covariance (%i × %i)', (rows, columns) => {
    const matrix = twoClouds(rows, columns);
    const table = Square.from1DArray(rows, columns, [...matrix.data]);
    const centred = table.subRowVector(table.mean('column'));
    const { eigenvectorMatrix } = new EigenvalueDecomposition(centred.transpose().mmul(centred), {
      assumeSymmetric: true,
    });
    const places = mapRows(matrix, 'pca');
    for (const axis of [0, 1] as const) {
      // Eigenvalues come in ascending order, and a component's sign means nothing.
      const expected = centred.mmul(eigenvectorMatrix.getColumnVector(columns - 1 - axis)).to1DArray();
      const sign = Math.sign((expected[0] ?? 0) * (places[0]?.[axis] ?? 0));
      for (const [i, value] of expected.entries()) expect(places[i]?.[axis]).toBeCloseTo(sign * value, 2);
    }
  });

  test('by UMAP keep their neighbours, and are the same each time', () => {
    const matrix = twoClouds(80, 10);
    const places = mapRows(matrix, 'umap');
    expect(mapRows(matrix, 'umap')).toEqual(places);
    const nearestIsOfItsKind = places.filter(([x, y], i) => {
      const distances = places.map(([a, b], j) => (i === j ? Number.POSITIVE_INFINITY : (x - a) ** 2 + (y - b) ** 2));
      return distances.indexOf(Math.min(...distances)) % 2 === i % 2;
    });
    expect(nearestIsOfItsKind.length).toBe(80);
  });

  test.each(['pca', 'umap'] as const)('may be few, alike or zero (%s)', (method) => {
    for (const rows of [3, 5]) {
      const places = mapRows({ data: new Float32Array(rows * 4), rows, columns: 4 }, method);
      expect(places).toHaveLength(rows);
      expect(places.flat().every(Number.isFinite)).toBe(true);
    }
  });
});

import { expect, it } from 'vitest';
import { kMeans } from '../../src/evaluation/kMeans.ts';
import { normaliseRows } from '../../src/evaluation/matrix.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import golden from './golden/clusters.json' with { type: 'json' };
import { matrixOf, plainRows, randomMatrix } from './matrices.ts';

const options = { starts: 10, maxIterations: 300, seed: 1 };

onEachEngine('kMeans', () => {
  it.each(
    golden.map((example, i) => [i, example] as const),
  )('finds what scikit-learn finds, case %i', async (_, given) => {
    const { x, columns, classes, inertia } = given;
    const unit = normaliseRows({ data: Float32Array.from(x), rows: x.length / columns, columns });
    const found = await kMeans(unit, { ...options, clusters: classes, starts: 100 });
    // The best of many starts; a start more or less may find one that is a little better.
    expect(found.inertia).toBeLessThan(1.01 * inertia);
    expect(found.inertia).toBeGreaterThan(0.99 * inertia);
  });

  it('ends where each row is nearest to the mean of its cluster, whose inertia it tells', async () => {
    const matrix = randomMatrix(200, 5, 3);
    const rows = plainRows(matrix);
    const { assignments, inertia } = await kMeans(matrix, { ...options, clusters: 6 });
    const means = Array.from({ length: 6 }, (_, cluster) => {
      const own = rows.filter((_, i) => assignments[i] === cluster);
      return Array.from({ length: 5 }, (_, j) => own.reduce((sum, row) => sum + (row[j] as number), 0) / own.length);
    });
    const distance = (row: readonly number[], mean: readonly number[]) =>
      row.reduce((sum, value, j) => sum + (value - (mean[j] as number)) ** 2, 0);
    let total = 0;
    let misplaced = 0;
    rows.forEach((row, i) => {
      const distances = means.map((mean) => distance(row, mean));
      total += distances[assignments[i] as number] as number;
      if (distances.indexOf(Math.min(...distances)) !== assignments[i]) misplaced++;
    });
    // It stops when the centres move by almost nothing, not by nothing.
    expect(misplaced).toBeLessThanOrEqual(4);
    expect(inertia / total).toBeCloseTo(1, 2);
  });

  it('repeats itself for the same seed, and leaves no tensor behind', async () => {
    const matrix = randomMatrix(80, 4, 5);
    const first = await kMeans(matrix, { ...options, clusters: 5 });
    expect(await kMeans(matrix, { ...options, clusters: 5 })).toEqual(first);
    expect(await leakedTensorsOf(() => kMeans(matrix, { ...options, clusters: 5 }))).toBe(0);
  });

  it('fills every cluster, also where rows repeat', async () => {
    const rows = [...Array.from({ length: 12 }, () => [1, 1]), [5, 5], [9, 1], [9, 1.1]];
    const { assignments } = await kMeans(matrixOf(rows), { ...options, clusters: 4 });
    expect(new Set(assignments).size).toBe(4);
    const one = await kMeans(matrixOf([[1, 2]]), { ...options, clusters: 1 });
    expect([one.inertia, [...one.assignments]]).toEqual([0, [0]]);
  });

  it('refuses fewer rows than clusters', async () => {
    await expect(kMeans(randomMatrix(3, 2, 1), { ...options, clusters: 4 })).rejects.toThrow(RangeError);
  });
});

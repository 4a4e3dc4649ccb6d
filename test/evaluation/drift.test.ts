import { describe, expect, it } from 'vitest';
import {
  deltaCos,
  deltaL2,
  deltaMse,
  deltaTopo,
  drift,
  linearCka,
  neighbourOverlaps,
} from '../../src/evaluation/drift.ts';
import type { Matrix } from '../../src/evaluation/matrix.ts';
import { onEachEngine } from '../engine/engines.ts';
import { cosine, dot, mapValues, matrixOf, plainRows, randomMatrix, rotated } from './matrices.ts';

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** The definitions, written down in float64. */
const naive = {
  deltaEmb: (h: number[][], h0: number[][]) =>
    mean(h.flatMap((row, i) => row.map((v, j) => (v - (h0[i]?.[j] ?? Number.NaN)) ** 2))),
  deltaL2: (h: number[][], h0: number[][]) =>
    mean(h.map((row, i) => Math.sqrt(row.reduce((sum, v, j) => sum + (v - (h0[i]?.[j] ?? Number.NaN)) ** 2, 0)))),
  deltaCos: (h: number[][], h0: number[][]) => mean(h.map((row, i) => 1 - cosine(row, h0[i] ?? []))),
  deltaTopo: (h: number[][], h0: number[][]) =>
    mean(
      h.flatMap((a, i) =>
        h.slice(i + 1).map((b, j) => Math.abs(cosine(a, b) - cosine(h0[i] ?? [], h0[i + 1 + j] ?? []))),
      ),
    ),
  neighbourOverlap: (h: number[][], h0: number[][], k: number) => {
    const nearest = (rows: number[][], i: number) =>
      rows
        .map((row, j) => ({ j, similarity: cosine(rows[i] ?? [], row) }))
        .filter(({ j }) => j !== i)
        .sort((a, b) => b.similarity - a.similarity || a.j - b.j)
        .slice(0, k)
        .map(({ j }) => j);
    return mean(
      h.map((_, i) => {
        const before = nearest(h0, i);
        const now = nearest(h, i);
        return now.filter((j) => before.includes(j)).length / new Set([...now, ...before]).size;
      }),
    );
  },
  /** By the Gram matrices of the texts, where the implementation goes by the products of the dimensions. */
  cka: (h: number[][], h0: number[][]) => {
    const gram = (rows: number[][]) => {
      const centre = (rows[0] ?? []).map((_, j) => mean(rows.map((row) => row[j] ?? Number.NaN)));
      const centred = rows.map((row) => row.map((v, j) => v - (centre[j] ?? Number.NaN)));
      return centred.flatMap((a) => centred.map((b) => dot(a, b)));
    };
    const [a, b] = [gram(h), gram(h0)];
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  },
};

const grid = [2, 5, 17].flatMap((rows) =>
  [2, 8].flatMap((columns) => [3, 64].map((chunk) => ({ rows, columns, chunk }))),
);

/** A matrix and the same with noise. */
function moved(rows: number, columns: number, noise: number): { h: Matrix; h0: Matrix } {
  const h0 = randomMatrix(rows, columns, 10 * rows + columns);
  const change = randomMatrix(rows, columns, 7);
  return { h: mapValues(h0, (value, i) => value + noise * (change.data[i] ?? 0)), h0 };
}

function suiteOf(h: Matrix, h0: Matrix, options: Partial<{ k: number; alsoAt: number[]; chunk: number }> = {}) {
  const labels = new Int32Array(h.rows);
  return drift.evaluate(
    {
      train: { embeddings: h, labels },
      test: { embeddings: h, labels },
      original: { test: h0 },
      seed: 1,
    },
    drift.schema.parse(options),
  );
}

onEachEngine('drift', () => {
  it('is what the definitions give in float64, over texts × dimensions × chunk × noise', async () => {
    for (const { rows, columns, chunk } of grid) {
      for (const noise of [0.01, 1]) {
        const { h, h0 } = moved(rows, columns, noise);
        const k = 3;
        const measured = await suiteOf(h, h0, { k, chunk });
        for (const [metric, value] of Object.entries(measured)) {
          const expected = naive[metric as keyof typeof naive](plainRows(h), plainRows(h0), k);
          expect(Math.abs(value - expected), `${metric} ${rows} × ${columns}, ${chunk}`).toBeLessThan(2e-6);
        }
      }
    }
  });

  it('is zero, and everything kept, for the encoder that has not changed', async () => {
    const h = randomMatrix(40, 6, 1);
    const copy = mapValues(h, (value) => value);
    expect(await suiteOf(h, copy, { chunk: 16 })).toEqual({
      deltaEmb: 0,
      deltaL2: 0,
      deltaCos: 0,
      deltaTopo: 0,
      neighbourOverlap: 1,
      cka: 1,
    });
  });

  it('sees no change of topology, neighbours and CKA in a rotation, but moved embeddings', async () => {
    const h0 = randomMatrix(50, 8, 2);
    const measured = await suiteOf(rotated(h0, 3), h0);
    expect(measured.deltaTopo).toBeLessThan(1e-6);
    expect(measured.neighbourOverlap).toBeCloseTo(1, 10);
    expect(measured.cka).toBeCloseTo(1, 5);
    expect(measured.deltaEmb).toBeGreaterThan(0.1);
    expect(measured.deltaCos).toBeGreaterThan(0.1);
  });

  it('sees in a stretched copy no change of direction; distances grow with the scale', async () => {
    const { h, h0 } = moved(30, 5, 0.3);
    const once = await suiteOf(h, h0);
    const thrice = await suiteOf(
      mapValues(h, (value) => 3 * value),
      mapValues(h0, (value) => 3 * value),
    );
    expect(thrice.deltaEmb).toBeCloseTo(9 * once.deltaEmb, 5);
    expect(thrice.deltaL2).toBeCloseTo(3 * once.deltaL2, 5);
    for (const metric of ['deltaCos', 'deltaTopo', 'neighbourOverlap', 'cka'] as const) {
      expect(thrice[metric], metric).toBeCloseTo(once[metric], 5);
    }
    const stretched = await suiteOf(
      mapValues(h0, (value) => 2 * value),
      h0,
    );
    expect(stretched.deltaCos).toBeLessThan(1e-12);
    expect(stretched.cka).toBeCloseTo(1, 6);
    expect(stretched.deltaL2).toBeGreaterThan(1);
  });

  it.each([1e-30, 1e-18, 1e18, 1e30])('keeps CKA and topology at the scale %f', async (scale) => {
    const { h, h0 } = moved(20, 4, 0.5);
    const scaled = (matrix: Matrix) => mapValues(matrix, (value) => value * scale);
    expect(await linearCka(scaled(h), h0)).toBeCloseTo(await linearCka(h, h0), 5);
    expect(await deltaTopo(scaled(h), scaled(h0), 64)).toBeCloseTo(await deltaTopo(h, h0, 64), 5);
  });

  it('grows with the noise', async () => {
    const series: Awaited<ReturnType<typeof suiteOf>>[] = [];
    for (const noise of [0.05, 0.2, 0.8, 3]) {
      const { h, h0 } = moved(60, 8, noise);
      series.push(await suiteOf(h, h0));
    }
    for (const [i, later] of series.slice(1).entries()) {
      const earlier = series[i];
      for (const metric of ['deltaEmb', 'deltaL2', 'deltaCos', 'deltaTopo'] as const) {
        expect(later[metric], metric).toBeGreaterThan(earlier?.[metric] ?? Number.NaN);
      }
      expect(later.neighbourOverlap).toBeLessThan(earlier?.neighbourOverlap ?? Number.NaN);
      expect(later.cka).toBeLessThan(earlier?.cka ?? Number.NaN);
    }
  });

  describe('where a measure has no natural value', () => {
    const spread = matrixOf([
      [1, 0],
      [0, 1],
      [-1, 2],
    ]);
    const collapsed = matrixOf([
      [0.1, 0.7],
      [0.1, 0.7],
      [0.1, 0.7],
    ]);
    const zeros = matrixOf([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);

    it('CKA is 0 if the embeddings have collapsed to one point, and 1 if they were one before', async () => {
      for (const point of [collapsed, zeros]) {
        expect(await linearCka(point, spread)).toBe(0);
        expect(await linearCka(spread, point)).toBe(0);
        expect(await linearCka(point, point)).toBe(1);
      }
    });

    it('CKA takes no notice of a constant column', async () => {
      const widened = matrixOf(plainRows(spread).map((row) => [0.1, ...row]));
      const zeroed = matrixOf(plainRows(spread).map((row) => [0, ...row]));
      expect(await linearCka(widened, zeroed)).toBeCloseTo(1, 6);
    });

    it('the cosine with zeros is 0, with themselves 1', () => {
      expect(deltaCos(zeros, spread)).toBe(1);
      expect(deltaCos(spread, zeros)).toBe(1);
      expect(deltaCos(zeros, zeros)).toBe(0);
    });

    it('topology of zeros is their distance from orthogonality', async () => {
      expect(await deltaTopo(zeros, collapsed, 2)).toBeCloseTo(1, 6);
      expect(await deltaTopo(zeros, zeros, 2)).toBe(0);
    });

    it('neighbours are all the others if there are fewer than k', async () => {
      expect(await neighbourOverlaps(spread, rotated(randomMatrix(3, 2, 5), 1), [10, 1], 2)).toEqual([
        1,
        expect.any(Number),
      ]);
    });
  });

  it('takes the overlap at other numbers of neighbours in the same search', async () => {
    const { h, h0 } = moved(40, 6, 0.5);
    const all = await suiteOf(h, h0, { k: 5, alsoAt: [1, 12, 100] });
    for (const k of [1, 5, 12, 39]) {
      const name = k === 5 ? 'neighbourOverlap' : `neighbourOverlapAt${k === 39 ? 100 : k}`;
      const expected = naive.neighbourOverlap(plainRows(h), plainRows(h0), k);
      expect((all as Record<string, number>)[name], name).toBeCloseTo(expected, 10);
    }
  });

  it('refuses matrices of different shapes, and pairs of a single text', async () => {
    const one = matrixOf([[1, 2]]);
    expect(() => deltaMse(one, matrixOf([[1, 2, 3]]))).toThrow('cannot compare embeddings [1, 2] with [1, 3]');
    expect(deltaL2(one, one)).toBe(0);
    await expect(deltaTopo(one, one, 8)).rejects.toThrow('at least 2 rows');
    await expect(neighbourOverlaps(one, one, [1], 8)).rejects.toThrow('at least 2 rows');
    await expect(linearCka(one, one)).rejects.toThrow('at least 2 rows');
  });
});

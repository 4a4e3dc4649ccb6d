import { describe, expect, it } from 'vitest';
import { deltaCos, deltaMse } from '../../src/evaluation/drift.ts';
import { driftByText } from '../../src/evaluation/driftByText.ts';
import { cosine, mapValues, matrixOf, plainRows, randomMatrix } from './matrices.ts';

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

describe('driftByText', () => {
  it('is what a loop over texts and dimensions gives, over texts × dimensions × noise', () => {
    for (const rows of [1, 2, 17]) {
      for (const columns of [1, 3, 64]) {
        for (const noise of [0, 0.01, 1, 100]) {
          const original = randomMatrix(rows, columns, 10 * rows + columns);
          const change = randomMatrix(rows, columns, 7);
          const embeddings = mapValues(original, (value, i) => value + noise * (change.data[i] ?? 0));
          const { deltaEmb, deltaCos: cosines } = driftByText(embeddings, original);
          expect([deltaEmb.length, cosines.length]).toEqual([rows, rows]);
          plainRows(embeddings).forEach((h, i) => {
            const h0 = plainRows(original)[i] ?? [];
            let squares = 0;
            for (let j = 0; j < columns; j++) squares += ((h[j] ?? 0) - (h0[j] ?? 0)) ** 2 / columns;
            const what = `text ${i} of ${rows} × ${columns}, noise ${noise}`;
            expect(Math.abs((deltaEmb[i] ?? 0) - squares), what).toBeLessThanOrEqual(1e-6 * squares);
            expect(Math.abs((cosines[i] ?? 0) - (1 - cosine(h, h0))), what).toBeLessThan(1e-6);
          });
        }
      }
    }
  });

  it('has the drift measures as its means', () => {
    const original = randomMatrix(50, 16, 1);
    const embeddings = mapValues(original, (value, i) => value * (1 + (i % 5) / 10) + 0.01);
    const measured = driftByText(embeddings, original);
    expect(mean(measured.deltaEmb) / deltaMse(embeddings, original)).toBeCloseTo(1, 6);
    expect(mean(measured.deltaCos) / deltaCos(embeddings, original)).toBeCloseTo(1, 6);
  });

  it('is exactly zero for texts that have not moved, and keeps what is not finite to its text', () => {
    const original = matrixOf([
      [1, 2],
      [3, 4],
      [0, 0],
      [5, 6],
    ]);
    const embeddings = matrixOf([
      [1, 2],
      [4, 4],
      [0, 0],
      [Number.NaN, 6],
    ]);
    const { deltaEmb, deltaCos: cosines } = driftByText(embeddings, original);
    expect([...deltaEmb]).toEqual([0, 0.5, 0, Number.NaN]);
    expect([cosines[0], cosines[2], cosines[3]]).toEqual([0, 0, Number.NaN]);
  });

  it('refuses matrices of different shapes', () => {
    expect(() => driftByText(randomMatrix(2, 3, 1), randomMatrix(3, 3, 1))).toThrow('2 texts with those of 3');
    expect(() => driftByText(randomMatrix(2, 3, 1), randomMatrix(2, 4, 1))).toThrow(RangeError);
  });
});

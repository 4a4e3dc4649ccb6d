import fc from 'fast-check';
import { expect, it } from 'vitest';
import { meanSquare, principalAxes, project } from '../../../experiments/mini/principalAxes.ts';
import type { Matrix } from '../../../src/evaluation/matrix.ts';
import { stream } from '../../../src/random.ts';
import { onEachEngine } from '../../engine/engines.ts';

/** Columns of different and decreasing scale, so that the axes are well defined. */
function randomRows(rows: number, columns: number, seed: number): Matrix {
  const random = stream(seed, 'rows');
  const data = Float32Array.from({ length: rows * columns }, (_, i) => random.normal() * 0.7 ** (i % columns));
  return { data, rows, columns };
}

const at = ({ data, columns }: Matrix, row: number, column: number) => data[row * columns + column] ?? Number.NaN;

onEachEngine('principal axes', () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 40 }),
    columns: fc.integer({ min: 1, max: 8 }),
    seed: fc.integer(),
  });

  it('are orthonormal', () => {
    fc.assert(
      fc.property(cases, ({ rows, columns, seed }) => {
        const axes = principalAxes(randomRows(rows, columns, seed), columns);
        for (let a = 0; a < columns; a++) {
          for (let b = 0; b < columns; b++) {
            let product = 0;
            for (let i = 0; i < columns; i++) product += at(axes, i, a) * at(axes, i, b);
            expect(product).toBeCloseTo(a === b ? 1 : 0, 4);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('keep every inner product if none is left out', () => {
    fc.assert(
      fc.property(cases, ({ rows, columns, seed }) => {
        const original = randomRows(rows, columns, seed);
        const projected = project(original, principalAxes(original, columns), 2);
        const product = (matrix: Matrix, a: number, b: number) => {
          let sum = 0;
          for (let i = 0; i < columns; i++) sum += at(matrix, a, i) * at(matrix, b, i);
          return sum;
        };
        for (let a = 0; a < rows; a++) {
          expect(product(projected, a, 0)).toBeCloseTo(4 * product(original, a, 0), 3);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('are uncorrelated and ordered by their mean square', () => {
    const projected = project(randomRows(60, 6, 1), principalAxes(randomRows(60, 6, 1), 6), 1);
    const product = (a: number, b: number) => {
      let sum = 0;
      for (let i = 0; i < projected.rows; i++) sum += at(projected, i, a) * at(projected, i, b);
      return sum;
    };
    for (let a = 1; a < 6; a++) {
      expect(product(a, a)).toBeLessThan(product(a - 1, a - 1));
      expect(product(a, a - 1)).toBeCloseTo(0, 3);
    }
  });

  it('find the plane that all rows lie in', () => {
    const inPlane = randomRows(50, 2, 3);
    const spread = { data: Float32Array.from([1, 2, 0, -1, 3, 0, 2, 1, -2, 1]), rows: 2, columns: 5 };
    const rows = project(inPlane, spread, 1);
    const kept = project(rows, principalAxes(rows, 2), 1);
    expect((meanSquare(kept) * 2) / (meanSquare(rows) * 5)).toBeCloseTo(1, 4);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatRows, norm, normaliseRows, row, rowRanges, selectRows } from '../../src/evaluation/matrix.ts';
import { matrixOf, plainRows, randomMatrix } from './matrices.ts';

const three = matrixOf([
  [1, 2],
  [3, 4],
  [5, 6],
]);

it('views a row', () => {
  expect([...row(three, 1)]).toEqual([3, 4]);
});

it('selects rows in the given order, repeatedly too', () => {
  expect(plainRows(selectRows(three, [2, 0, 2]))).toEqual([
    [5, 6],
    [1, 2],
    [5, 6],
  ]);
  expect(selectRows(three, [])).toEqual({ data: new Float32Array(0), rows: 0, columns: 2 });
});

describe('concatRows', () => {
  it('undoes the cutting into ranges', () => {
    const matrix = randomMatrix(11, 3, 1);
    const parts = rowRanges(11, 4).map(({ from, to }) =>
      selectRows(
        matrix,
        Array.from({ length: to - from }, (_, i) => from + i),
      ),
    );
    expect(concatRows(parts)).toEqual(matrix);
  });

  it('refuses different widths and nothing at all', () => {
    expect(() => concatRows([three, randomMatrix(1, 3, 1)])).toThrow('cannot stack matrices of 2, 3 columns');
    expect(() => concatRows([])).toThrow('cannot stack matrices of no columns');
  });
});

describe('normaliseRows', () => {
  it('gives rows of length 1, whatever their scale, and leaves zeros', () => {
    const scales = [1e-38, 1e-20, 1, 1e20, 1e37];
    const unit = normaliseRows(matrixOf([...scales.map((scale) => [3 * scale, 4 * scale]), [0, 0]]));
    for (const [i] of scales.entries()) {
      expect(row(unit, i)[0]).toBeCloseTo(0.6, 5);
      expect(row(unit, i)[1]).toBeCloseTo(0.8, 5);
    }
    expect([...row(unit, scales.length)]).toEqual([0, 0]);
  });

  it('does not change its input', () => {
    const matrix = randomMatrix(4, 3, 2);
    const before = matrix.data.slice();
    normaliseRows(matrix);
    expect(matrix.data).toEqual(before);
  });
});

it('norm is the Euclidean one', () => {
  expect(norm(Float32Array.of(3, 4))).toBe(5);
  expect(norm(new Float32Array(3))).toBe(0);
});

it('rowRanges covers every row once, in order, within the chunk', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.integer({ min: 1, max: 50 }), (rows, chunk) => {
      const ranges = rowRanges(rows, chunk);
      expect(ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
        Array.from({ length: rows }, (_, i) => i),
      );
      expect(ranges.every(({ from, to }) => to > from && to - from <= chunk)).toBe(true);
    }),
  );
});

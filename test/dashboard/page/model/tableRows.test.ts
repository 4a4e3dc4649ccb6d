import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CellContent, Column } from '../../../../src/dashboard/page/model/columns.ts';
import type { Point, Run } from '../../../../src/dashboard/page/model/sweep.ts';
import { type RowOptions, tableRows } from '../../../../src/dashboard/page/model/tableRows.ts';
import { madeUpModel } from '../../madeUpSweep.ts';

const model = madeUpModel(
  [10, 11, 20, 30, 31, 32].map((id) => ({ id: `r${id}`, axes: { x: Math.floor(id / 10) }, seed: id % 10 })),
);
const all: ReadonlyMap<Point, readonly Run[]> = new Map(model.points.map((point) => [point, point.runs]));

/** A column that is sorted by given values. */
function columnBy(orders: Readonly<Record<string, CellContent['order']>>): Column {
  const cell = ({ id }: { readonly id: string }): CellContent => ({ text: '', order: orders[id] });
  return { id: 'made-up', title: '', align: 'left', ofPoint: cell, ofRun: cell };
}

const plain: RowOptions = { by: 'points', open: new Set(), column: undefined, descending: false };
const ids = (options: Partial<RowOptions>, visible = all) =>
  tableRows(visible, { ...plain, ...options }).map(({ id }) => id);

test('points are in the order of the plan, and open ones have their runs below them', () => {
  expect(ids({})).toEqual(['pr10', 'pr20', 'pr30']);
  const rows = tableRows(all, { ...plain, open: new Set(['r10', 'gone']) });
  expect(rows.map(({ id, isInner, run, point }) => [id, isInner, run?.id, point.id])).toEqual([
    ['pr10', false, undefined, 'r10'],
    ['r10', true, 'r10', 'r10'],
    ['r11', true, 'r11', 'r10'],
    ['pr20', false, undefined, 'r20'],
    ['pr30', false, undefined, 'r30'],
  ]);
});

test('runs are rows of their own', () => {
  const rows = tableRows(all, { ...plain, by: 'runs', open: new Set(['r10']) });
  expect(rows.map(({ id, isInner }) => [id, isInner])).toEqual(
    ['r10', 'r11', 'r20', 'r30', 'r31', 'r32'].map((id) => [id, false]),
  );
});

test('only what is visible is a row', () => {
  const [first, , last] = model.points as [Point, Point, Point];
  const some = new Map([
    [last, last.runs.slice(1, 2)],
    [first, []],
  ]);
  expect(ids({ open: new Set(['r10', 'r30']) }, some)).toEqual(['pr30', 'r31', 'pr10']);
  expect(ids({ by: 'runs' }, some)).toEqual(['r31']);
  expect(ids({}, new Map())).toEqual([]);
});

describe('sorted', () => {
  test('points take their runs with them', () => {
    const column = columnBy({ r10: 2, r11: 9, r20: 1, r30: 3 });
    const open = new Set(['r10']);
    expect(ids({ column, open })).toEqual(['pr20', 'pr10', 'r10', 'r11', 'pr30']);
    expect(ids({ column, open, descending: true })).toEqual(['pr30', 'pr10', 'r10', 'r11', 'pr20']);
  });

  test('runs go across points', () => {
    const column = columnBy({ r10: 5, r11: 1, r20: 4, r30: 2, r31: 3, r32: 6 });
    expect(ids({ by: 'runs', column })).toEqual(['r11', 'r30', 'r31', 'r20', 'r10', 'r32']);
    expect(ids({ by: 'runs', column, descending: true })).toEqual(['r32', 'r10', 'r20', 'r31', 'r30', 'r11']);
  });

  test('words are sorted as a person would', () => {
    const column = columnBy({ r10: 'b', r11: 'seed 10', r20: 'a', r30: 'seed 9', r31: 'C', r32: 3 });
    expect(ids({ by: 'runs', column })).toEqual(['r32', 'r20', 'r10', 'r31', 'r30', 'r11']);
  });

  test('numbers ascend or descend, what is none comes last either way, and equal rows stay as they were', () => {
    const order = fc.oneof(
      { arbitrary: fc.integer({ min: -2, max: 2 }), weight: 4 },
      fc.constantFrom(undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    );
    const names = [...all.values()].flat().map(({ id }) => id);
    fc.assert(
      fc.property(fc.tuple(...names.map(() => order)), fc.boolean(), (values, descending) => {
        // Row by row into its place: before the first that comes after it.
        const expected: number[] = [];
        for (const [i, value] of values.entries()) {
          const isNone = value === undefined || Number.isNaN(value);
          const comesAfter = (other: number) => {
            const against = values[other];
            if (isNone) return false;
            if (against === undefined || Number.isNaN(against)) return true;
            return descending ? against < value : against > value;
          };
          const place = expected.findIndex(comesAfter);
          expected.splice(place < 0 ? expected.length : place, 0, i);
        }
        const column = columnBy(Object.fromEntries(names.map((name, i) => [name, values[i]])));
        expect(ids({ by: 'runs', column, descending })).toEqual(expected.map((i) => names[i]));
      }),
    );
  });
});

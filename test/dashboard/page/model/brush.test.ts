import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Coordinate,
  isBrushed,
  isBrushes,
  measureCoordinate,
  parameterCoordinate,
} from '../../../../src/dashboard/page/model/brush.ts';
import { madeUpModel, madeUpOriginal, temperature, weight } from '../../madeUpSweep.ts';

const model = madeUpModel(
  [
    { ...madeUpOriginal, metrics: { 'knn.macroF1': 0.5 } },
    { axes: { [temperature]: 0.3, [weight]: 1, head: { kind: 'mlp', out: 64 } }, metrics: { 'knn.macroF1': 0.25 } },
    {
      axes: { [temperature]: 0.3, [weight]: 'auto', head: { kind: 'linear' } },
      metrics: { 'knn.macroF1': Number.NaN },
    },
    { axes: { [temperature]: 0.1, [weight]: 1, head: { kind: 'mlp', out: 64 } }, status: 'running' },
  ],
  { axes: [temperature, weight, 'head'] },
);
const positions = (coordinate: Coordinate) => model.points.map((point) => coordinate.position(point));

describe('coordinates', () => {
  test('a number stands at itself', () => {
    const coordinate = parameterCoordinate(model, temperature);
    expect(coordinate).toMatchObject({ name: temperature, title: 'temperature' });
    expect(coordinate.categories).toBeUndefined();
    expect(positions(coordinate)).toEqual([undefined, 0.3, 0.3, 0.1]);
  });

  test('a word stands at its place among the values, as they are planned', () => {
    const head = parameterCoordinate(model, 'head');
    expect(head.categories).toEqual(['mlp out 64', 'linear']);
    expect(positions(head)).toEqual([undefined, 0, 1, 0]);
  });

  test('a number among words is one of them', () => {
    const coordinate = parameterCoordinate(model, weight);
    expect(coordinate.categories).toEqual(['1', 'auto']);
    expect(positions(coordinate)).toEqual([undefined, 0, 1, 0]);
  });

  test('a measure stands at its mean, if it has one', () => {
    const coordinate = measureCoordinate(model, 'knn.macroF1', 'macro F1');
    expect(coordinate).toMatchObject({ name: 'knn.macroF1', title: 'macro F1' });
    expect(positions(coordinate)).toEqual([0.5, 0.25, undefined, undefined]);
  });
});

describe('isBrushed', () => {
  const [point] = model.points;
  if (!point) throw new Error('no point');
  const coordinate = (name: string, position: number | undefined): Coordinate => ({
    name,
    title: name,
    position: () => position,
  });

  test('a point lies within one of the ranges of each axis', () => {
    const end = fc.integer({ min: 0, max: 5 });
    const axis = fc.record({
      position: fc.option(end, { nil: undefined }),
      ranges: fc.array(fc.tuple(end, end), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 3 }), (axes) => {
        let expected = true;
        for (const { position, ranges } of axes) {
          let isIn = ranges.length === 0;
          for (const [low, high] of ranges) {
            for (let at = low; at <= high; at++) if (at === position) isIn = true;
          }
          if (!isIn) expected = false;
        }
        const brushes = Object.fromEntries(axes.map(({ ranges }, i) => [`axis${i}`, ranges]));
        const coordinates = axes.map(({ position }, i) => coordinate(`axis${i}`, position));
        expect(isBrushed(point, brushes, coordinates)).toBe(expected);
      }),
    );
  });

  test('an axis that is not there is not brushed', () => {
    expect(isBrushed(point, { gone: [[0, 1]] }, [coordinate('a', 7)])).toBe(true);
    expect(isBrushed(point, {}, [])).toBe(true);
  });

  test('what has no number lies nowhere', () => {
    const everywhere = { a: [[-Infinity, Infinity]] as const };
    expect(isBrushed(point, everywhere, [coordinate('a', Number.NaN)])).toBe(false);
    expect(isBrushed(point, everywhere, [coordinate('a', undefined)])).toBe(false);
    expect(isBrushed(point, { a: [] }, [coordinate('a', undefined)])).toBe(true);
  });
});

describe('isBrushes', () => {
  test.each([
    {},
    { a: [] },
    { a: [[0, 1]] },
    {
      'a.b': [
        [0, 1],
        [2, 3.5],
      ],
      c: [],
    },
  ])('%j', (value) => {
    expect(isBrushes(value)).toBe(true);
  });

  test.each([
    null,
    1,
    'a',
    { a: 1 },
    { a: null },
    { a: [1, 2] },
    { a: [[1]] },
    { a: [[1, 2, 3]] },
    { a: [['1', 2]] },
    { a: [[null, 2]] },
    { a: {} },
  ])('not %j', (value) => {
    expect(isBrushes(value)).toBe(false);
  });

  test('anything that JSON holds is answered', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(isBrushes(value)).toBeTypeOf('boolean');
      }),
    );
  });
});

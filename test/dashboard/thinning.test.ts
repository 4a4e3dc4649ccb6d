import fc from 'fast-check';
import { expect, test } from 'vitest';
import { thin } from '../../src/dashboard/thinning.ts';
import { stream } from '../../src/random.ts';

// Few different values, so that some are equal, or many.
const finite = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const values = fc.array(fc.oneof({ arbitrary: finite, weight: 9 }, odd), { maxLength: 200, size: 'max' });
const most = fc.integer({ min: 4, max: 50 });

test('keeps the order and the bounds, and leaves out what is not finite', () => {
  fc.assert(
    fc.property(values, most, (list, limit) => {
      const places = thin(list, limit);
      expect(places.length).toBeLessThanOrEqual(limit);
      for (const [i, place] of places.entries()) {
        expect(list[place]).toSatisfy(Number.isFinite);
        if (i > 0) expect(place).toBeGreaterThan(places[i - 1] as number);
      }
    }),
  );
});

test('the first, last, least and greatest finite values survive', () => {
  fc.assert(
    fc.property(values, most, (list, limit) => {
      const known = [...list.keys()].filter((place) => Number.isFinite(list[place]));
      fc.pre(known.length > 0);
      const places = thin(list, limit);
      expect(places[0]).toBe(known[0]);
      expect(places.at(-1)).toBe(known.at(-1));
      const kept = places.map((place) => list[place] as number);
      const all = known.map((place) => list[place] as number);
      expect(Math.min(...kept)).toBe(Math.min(...all));
      expect(Math.max(...kept)).toBe(Math.max(...all));
    }),
  );
});

test('a short curve is drawn whole', () => {
  fc.assert(
    fc.property(values, (list) => {
      const known = [...list.keys()].filter((place) => Number.isFinite(list[place]));
      expect(thin(list, Math.max(4, known.length))).toEqual(known);
    }),
  );
});

test('no stretch loses its spikes', () => {
  const random = stream(1, 'curve');
  const list = Array.from({ length: 1000 }, () => random.normal());
  for (const stretches of [1, 4, 25]) {
    const length = list.length / stretches;
    const places = thin(list, 4 * stretches);
    const expected = Array.from({ length: stretches }, (_, stretch) => {
      const order = [...list.keys()]
        .slice(stretch * length, (stretch + 1) * length)
        .sort((a, b) => (list[a] as number) - (list[b] as number));
      return [stretch * length, (stretch + 1) * length - 1, order[0] as number, order.at(-1) as number];
    });
    expect(places).toEqual([...new Set(expected.flat())].sort((a, b) => a - b));
  }
});

test('nothing is nothing', () => {
  expect(thin([], 4)).toEqual([]);
  expect(thin([Number.NaN, Number.POSITIVE_INFINITY], 4)).toEqual([]);
});

test('takes typed arrays', () => {
  expect(thin(Float64Array.of(5, Number.NaN, 1, 9, 2, 3), 4)).toEqual([0, 2, 3, 5]);
});

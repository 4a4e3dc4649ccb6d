import fc from 'fast-check';
import { expect, it } from 'vitest';
import { oppositeClasses } from '../../src/data/circumplex.ts';
import { contradictionRate } from '../../src/evaluation/contradictionRate.ts';

const names = ['sadness', 'joy', 'love', 'anger', 'fear', 'surprise'];
const pair = (first: string, second: string) => ({ first, second, weight: 1 });

it('by hand: both are above the threshold, which is not reached by being equal to it', () => {
  const values = [
    [0.3, 0.4, 0, 0, 0, 0.3],
    [0.25, 0.5, 0, 0, 0, 0.25],
    [0.5, 0.1, 0.1, 0.3, 0, 0],
    [0, 0.4, 0.3, 0.3, 0, 0],
  ].flat();
  const probabilities = { values, classes: 6 };
  const rate = (threshold: number, ...pairs: ReturnType<typeof pair>[]) =>
    contradictionRate(probabilities, names, pairs, threshold);
  expect(rate(0.2, pair('joy', 'sadness'))).toBe(2 / 4);
  expect(rate(0.25, pair('joy', 'sadness'))).toBe(1 / 4);
  expect(rate(0.25, pair('sadness', 'joy'))).toBe(1 / 4);
  // A text with two contradictions is one text.
  expect(rate(0.25, pair('joy', 'anger'), pair('love', 'anger'))).toBe(1 / 4);
  expect(rate(0.2, ...oppositeClasses(names))).toBe(3 / 4);
  expect(rate(0.2)).toBe(0);
});

it('is that of explicit loops, whatever the weights, and falls with the threshold', () => {
  const probability = fc.float({ min: 0, max: 1, noNaN: true });
  const texts = fc.array(fc.array(probability, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 12 });
  const pairs = fc.array(
    fc.record({ first: fc.constantFrom(...names), second: fc.constantFrom(...names), weight: fc.constantFrom(0.1, 5) }),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(texts, pairs, probability, (rows, own, threshold) => {
      let contradicting = 0;
      for (const row of rows) {
        let is = false;
        for (const { first, second } of own) {
          const [p, q] = [row[names.indexOf(first)] as number, row[names.indexOf(second)] as number];
          if (Math.min(p, q) > threshold) is = true;
        }
        if (is) contradicting++;
      }
      const probabilities = { values: rows.flat(), classes: 6 };
      const rate = contradictionRate(probabilities, names, own, threshold);
      expect(rate).toBe(contradicting / rows.length);
      expect(contradictionRate(probabilities, names, own, threshold / 2)).toBeGreaterThanOrEqual(rate);
    }),
  );
});

it('above .5 is 0 of a softmax', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(weights, (own) => {
      const total = own.reduce((sum, weight) => sum + weight, 0);
      const probabilities = { values: own.map((weight) => weight / total), classes: 6 };
      expect(contradictionRate(probabilities, names, oppositeClasses(names), 0.5)).toBe(0);
    }),
  );
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decided, renamed, strongestOf } from '../../src/data/strengths.ts';

const taxonomy = ['joy', 'fear', 'anger', '7', '3'];
const strengths = fc.dictionary(fc.constantFrom(...taxonomy), fc.constantFrom(0.1, 0.3, 0.5, 1), { minKeys: 1 });

it('of equally strong classes the first of the taxonomy is the strongest, whatever the order of the object', () => {
  expect(strongestOf({ anger: 0.5, fear: 0.5, joy: 0.4 }, taxonomy)).toBe('fear');
  // Keys that look like numbers come first in an object.
  expect(strongestOf({ 3: 1, 7: 1, anger: 1 }, taxonomy)).toBe('anger');
  fc.assert(
    fc.property(strengths, (own) => {
      const most = Math.max(...Object.values(own));
      expect(strongestOf(own, taxonomy)).toBe(taxonomy.find((name) => own[name] === most));
    }),
  );
});

it('classes that get one name are as strong as their strongest', () => {
  expect(
    renamed({ joy: 0.2, love: 0.7, pride: 0.3, fear: 0.1 }, (name) => (name === 'fear' ? 'negative' : 'positive')),
  ).toEqual({
    positive: 0.7,
    negative: 0.1,
  });
});

it('keeps the label and what reaches the threshold, in full strength', () => {
  expect(decided({ joy: 0.2, fear: 0.1 }, 'joy', 0.3)).toEqual({ joy: 1 });
  fc.assert(
    fc.property(strengths, fc.constantFrom(0.05, 0.3, 0.9), (own, threshold) => {
      const label = strongestOf(own, taxonomy);
      const kept = decided(own, label, threshold);
      for (const name of taxonomy) {
        const expected = name in own && (name === label || (own[name] as number) >= threshold);
        expect(kept[name]).toBe(expected ? 1 : undefined);
      }
    }),
  );
});

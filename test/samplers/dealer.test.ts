import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDealer } from '../../samplers/dealer.ts';
import { stream } from '../../src/random.ts';

const sizes = { items: fc.integer({ min: 1, max: 25 }), size: fc.integer({ min: 1, max: 30 }) };

function dealerOf(items: number, size: number, seed = 1) {
  return createDealer([...Array(items).keys()], size, (cycle) => stream(seed, 'dealer', cycle));
}

test('a hand holds each item ⌊size / items⌋ or ⌈size / items⌉ times', () => {
  fc.assert(
    fc.property(sizes.items, sizes.size, (items, size) => {
      for (const hand of dealerOf(items, size).hands(0, 12)) {
        expect(hand).toHaveLength(size);
        for (let item = 0; item < items; item++) {
          const times = hand.filter((held) => held === item).length;
          expect([Math.floor(size / items), Math.ceil(size / items)]).toContain(times);
        }
      }
    }),
  );
});

test('at the end of any hand no item is ahead of another by more than one', () => {
  fc.assert(
    fc.property(sizes.items, sizes.size, (items, size) => {
      const cards = dealerOf(items, size)
        .hands(0, 3 * items)
        .flat();
      const times = new Array<number>(items).fill(0);
      for (const [i, card] of cards.entries()) {
        times[card] = (times[card] ?? 0) + 1;
        if ((i + 1) % size === 0) expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test('any hand can be dealt without those before, and is counted right', () => {
  fc.assert(
    fc.property(sizes.items, sizes.size, fc.integer({ min: 0, max: 60 }), (items, size, from) => {
      const all = dealerOf(items, size).hands(0, from + 5);
      expect(dealerOf(items, size).hands(from, 5)).toEqual(all.slice(from));
      const times = dealerOf(items, size).timesDealt(from);
      const before = all.slice(0, from).flat();
      for (let item = 0; item < items; item++) {
        expect(times.get(item)).toBe(before.filter((dealt) => dealt === item).length);
      }
    }),
  );
});

test('a deck is shuffled anew, not dealt again in the same order', () => {
  const hands = dealerOf(12, 4).hands(0, 9);
  const decks = [0, 3, 6].map((first) =>
    hands
      .slice(first, first + 3)
      .flat()
      .join(),
  );
  expect(new Set(decks).size).toBe(3);
});

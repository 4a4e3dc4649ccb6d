import type { RandomStream } from '../src/random.ts';

/**
 * Deals hands of `size` from shuffled decks of the same items. A spent deck is shuffled anew; a hand that straddles two
 * decks takes from the new one only what it does not hold yet. So
 *
 * - no item is twice in a hand, unless there are fewer than `size` items: then each is there ⌊size / items⌋ or
 *   ⌈size / items⌉ times;
 * - after d whole decks each item was dealt d times: no item runs ahead of another by more than one.
 *
 * Whenever a hand ends with its deck, a cycle ends; each cycle has its own random stream, so any hand can be dealt
 * without dealing all that came before.
 */
export interface Dealer {
  /** The hands number `from` to `from + count − 1`. */
  hands(from: number, count: number): number[][];
  /** How often each item was dealt in the hands before number `before`. */
  timesDealt(before: number): Map<number, number>;
}

/** @param random the stream of a cycle's number */
export function createDealer(items: readonly number[], size: number, random: (cycle: number) => RandomStream): Dealer {
  const copies = Math.floor(size / items.length);
  const fromDeck = size % items.length;
  const handsPerCycle = items.length / greatestCommonDivisor(items.length, fromDeck);
  const wholeCopies = Array.from({ length: copies }, () => items).flat();

  function hands(from: number, count: number): number[][] {
    if (fromDeck === 0) return Array.from({ length: count }, () => wholeCopies);
    const dealt: number[][] = [];
    let skip = from % handsPerCycle;
    for (let cycle = Math.floor(from / handsPerCycle); dealt.length < count; cycle++, skip = 0) {
      const wanted = Math.min(handsPerCycle, skip + count - dealt.length);
      const cycleHands = dealCycle(items, fromDeck, wanted, random(cycle));
      for (const hand of cycleHands.slice(skip)) dealt.push([...wholeCopies, ...hand]);
    }
    return dealt;
  }

  function timesDealt(before: number): Map<number, number> {
    const inCycle = before % handsPerCycle;
    const inWholeCycles = ((before - inCycle) * size) / items.length;
    const times = new Map(items.map((item) => [item, inWholeCycles]));
    for (const item of hands(before - inCycle, inCycle).flat()) times.set(item, (times.get(item) ?? 0) + 1);
    return times;
  }

  return { hands, timesDealt };
}

/** The first `count` hands of a cycle. Requires `size` < `items.length`. */
function dealCycle(items: readonly number[], size: number, count: number, random: RandomStream): number[][] {
  const hands: number[][] = [];
  let deck: number[] = [];
  let top = 0;
  while (hands.length < count) {
    const hand = deck.slice(top, top + size);
    top += size;
    if (hand.length < size) {
      const fresh = random.shuffle(items);
      const held = new Set(hand);
      const drawn = new Set(fresh.filter((item) => !held.has(item)).slice(0, size - hand.length));
      hand.push(...drawn);
      deck = fresh.filter((item) => !drawn.has(item));
      top = 0;
    }
    hands.push(hand);
  }
  return hands;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

import { describe, expect, it } from 'vitest';
import { emotions } from '../../src/data/emotions.ts';
import type { Emotion } from '../../src/synthesis/emotion.ts';
import { isFilled, shortfalls, steer } from '../../src/synthesis/quota.ts';

/** Every class has `all`, but for some. */
function counts(all: number, others: Partial<Record<Emotion, number>> = {}): Map<Emotion, number> {
  return new Map(emotions.map((emotion) => [emotion, others[emotion] ?? all]));
}

describe('steer', () => {
  it('says nothing without a quota, and nothing of the scarce while all are equal', () => {
    expect(steer(counts(3, { joy: 9 }), undefined)).toEqual({ scarce: [], full: [], neutralFull: false });
    expect(steer(new Map(), 5)).toEqual({ scarce: [], full: [], neutralFull: false });
  });

  it('asks for the scarcest, the scarcest first, of equal ones in the order of the taxonomy', () => {
    const { scarce, full } = steer(counts(4, { remorse: 0, pride: 1, fear: 1, joy: 5 }), 5);
    expect(scarce.slice(0, 3)).toEqual(['remorse', 'fear', 'pride']);
    expect(scarce).toHaveLength(8);
    expect(full).toEqual(['joy']);
  });

  it('asks for no class that is full, nor for neutral', () => {
    expect(steer(counts(5, { grief: 4, neutral: 0 }), 5)).toEqual({
      scarce: ['grief'],
      full: emotions.filter((emotion) => emotion !== 'grief' && emotion !== 'neutral'),
      neutralFull: false,
    });
  });

  it.each([
    [4, false],
    [5, true],
    [6, true],
  ])('with %i of 5 neutral utterances: enough of them is %s', (neutral, expected) => {
    const steering = steer(counts(1, { neutral }), 5);
    expect(steering.neutralFull).toBe(expected);
    expect(steering.full).toEqual([]);
  });
});

describe('shortfalls', () => {
  it('are what the classes below the quota lack', () => {
    expect(shortfalls(counts(5, { fear: 3, grief: 0, joy: 9, neutral: 4 }), 5)).toEqual([
      { emotion: 'fear', missing: 2 },
      { emotion: 'grief', missing: 5 },
      { emotion: 'neutral', missing: 1 },
    ]);
    expect(shortfalls(new Map(), 2)).toEqual(emotions.map((emotion) => ({ emotion, missing: 2 })));
    expect(shortfalls(counts(5), 5)).toEqual([]);
  });
});

describe('isFilled', () => {
  it('is so when each class has its quota', () => {
    expect(isFilled(counts(5), 5)).toBe(true);
    expect(isFilled(counts(5, { neutral: 4 }), 5)).toBe(false);
    expect(isFilled(new Map(), 1)).toBe(false);
    expect(isFilled(counts(5), undefined)).toBe(false);
  });
});

import { emotions } from '../data/emotions.ts';
import type { Emotion } from './emotion.ts';

/** How the earlier rounds steer the next one; nothing in both lists where there is no quota. */
export interface Steering {
  /** The scarcest classes below their quota, the scarcest first. */
  readonly scarce: readonly Emotion[];
  /** Those that have reached it. */
  readonly full: readonly Emotion[];
  /** Whether `neutral` has reached it, which is in neither list. */
  readonly neutralFull: boolean;
}

/** As many as the emotional utterances of a character. */
const named = 8;

/**
 * Steers a round by what the earlier ones have accepted. Nothing is asked for while no class has anything, nor where all
 * have equally many; neutral utterances are not asked for, since every character has two, which are not rated any more once
 * there are enough.
 *
 * @param counts accepted utterances by their strongest emotion
 * @param quota default: none
 */
export function steer(counts: ReadonlyMap<Emotion, number>, quota: number | undefined): Steering {
  if (quota === undefined) return { scarce: [], full: [], neutralFull: false };
  const countOf = (emotion: Emotion) => counts.get(emotion) ?? 0;
  const askable = emotions.filter((emotion) => emotion !== 'neutral');
  const below = askable.filter((emotion) => countOf(emotion) < quota);
  const uneven = new Set(askable.map(countOf)).size > 1;
  return {
    scarce: uneven ? below.toSorted((a, b) => countOf(a) - countOf(b)).slice(0, named) : [],
    full: askable.filter((emotion) => countOf(emotion) >= quota),
    neutralFull: countOf('neutral') >= quota,
  };
}

/** The classes that have not reached their quota, in the order of the taxonomy, and how many utterances they lack. */
export function shortfalls(
  counts: ReadonlyMap<Emotion, number>,
  quota: number,
): { readonly emotion: Emotion; readonly missing: number }[] {
  return emotions
    .map((emotion) => ({ emotion, missing: quota - (counts.get(emotion) ?? 0) }))
    .filter(({ missing }) => missing > 0);
}

/** Whether every class has reached its quota, so that another round would add nothing. */
export function isFilled(counts: ReadonlyMap<Emotion, number>, quota: number | undefined): boolean {
  return quota !== undefined && shortfalls(counts, quota).length === 0;
}

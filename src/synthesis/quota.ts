import { emotions } from '../data/emotions.ts';
import type { Emotion } from './emotion.ts';

/** What the prompt for utterances says of the classes; nothing in both lists where there is no quota. */
export interface Steering {
  /** The scarcest classes below their quota, the scarcest first. */
  readonly scarce: readonly Emotion[];
  /** Those that have reached it. */
  readonly full: readonly Emotion[];
}

/** As many as the emotional utterances of a character. */
const named = 8;

/**
 * Steers a round by what the earlier ones have accepted. Nothing is asked for while no class has anything, nor where all
 * have equally many; neutral utterances are not asked for, since every character has two.
 *
 * @param counts accepted utterances by their strongest emotion
 * @param quota default: none
 */
export function steer(counts: ReadonlyMap<Emotion, number>, quota: number | undefined): Steering {
  if (quota === undefined) return { scarce: [], full: [] };
  const countOf = (emotion: Emotion) => counts.get(emotion) ?? 0;
  const askable = emotions.filter((emotion) => emotion !== 'neutral');
  const below = askable.filter((emotion) => countOf(emotion) < quota);
  const uneven = new Set(askable.map(countOf)).size > 1;
  return {
    scarce: uneven ? below.toSorted((a, b) => countOf(a) - countOf(b)).slice(0, named) : [],
    full: askable.filter((emotion) => countOf(emotion) >= quota),
  };
}

/** Whether every class has reached its quota, so that another round would add nothing. */
export function isFilled(counts: ReadonlyMap<Emotion, number>, quota: number | undefined): boolean {
  return quota !== undefined && emotions.every((emotion) => (counts.get(emotion) ?? 0) >= quota);
}

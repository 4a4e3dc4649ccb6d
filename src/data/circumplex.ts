import { z } from 'zod';

/** A place on the circumplex of affect (Russell 1980): pleasant or not, calm or aroused. */
export interface Affect {
  /** −1 (unpleasant) to 1 (pleasant). */
  readonly valence: number;
  /** Arousal, 0 (calm) to 1. */
  readonly intensity: number;
}

/**
 * Places of emotions by the names of classes. Those of joy, love, sadness, anger, fear and surprise are the ones that this
 * project's CMHL goes by (arXiv 2603.14078 does not publish its own); the others were chosen for this project around
 * them. The sign of the valence is that of GoEmotions' grouping by sentiment, 0 where it is ambiguous.
 */
const places: ReadonlyMap<string, Affect> = new Map(
  Object.entries({
    admiration: [0.6, 0.5],
    amusement: [0.7, 0.6],
    anger: [-0.7, 0.9],
    annoyance: [-0.5, 0.6],
    approval: [0.4, 0.3],
    caring: [0.6, 0.4],
    confusion: [0, 0.5],
    curiosity: [0, 0.6],
    desire: [0.5, 0.7],
    disappointment: [-0.6, 0.4],
    disapproval: [-0.5, 0.5],
    disgust: [-0.7, 0.6],
    embarrassment: [-0.5, 0.6],
    excitement: [0.8, 0.9],
    fear: [-0.7, 0.8],
    gratitude: [0.8, 0.4],
    grief: [-0.9, 0.5],
    joy: [0.9, 0.7],
    love: [0.8, 0.5],
    nervousness: [-0.4, 0.7],
    optimism: [0.6, 0.5],
    pride: [0.7, 0.6],
    realization: [0, 0.4],
    relief: [0.5, 0.2],
    remorse: [-0.6, 0.4],
    sadness: [-0.8, 0.3],
    surprise: [0, 0.9],
    neutral: [0, 0.1],
    // Classes of other corpora, and groups.
    angry: [-0.7, 0.9],
    guilt: [-0.6, 0.5],
    happy: [0.9, 0.7],
    others: [0, 0.1],
    sad: [-0.8, 0.3],
    shame: [-0.6, 0.5],
    ambiguous: [0, 0.5],
    negative: [-0.7, 0.6],
    positive: [0.7, 0.6],
  } satisfies Record<string, [number, number]>).map(([name, [valence, intensity]]) => [name, { valence, intensity }]),
);

/** The place of a class; undefined of one that is not known. */
function affectOf(name: string): Affect | undefined {
  return places.get(name);
}

/** Places of classes in the order of their numbers; NaN where a place is not known. */
export interface AffectPlaces {
  readonly valence: readonly number[];
  readonly intensity: readonly number[];
}

/**
 * Places of classes: those that are given, and for the others those that are known.
 *
 * @param given by names, of valence and of intensity
 */
export function placesOf(
  names: readonly string[],
  given: { readonly [K in keyof AffectPlaces]?: Readonly<Record<string, number>> | undefined } = {},
): AffectPlaces {
  const of = (dimension: keyof AffectPlaces) => {
    const own = new Map(Object.entries(given[dimension] ?? {}));
    return names.map((name) => own.get(name) ?? affectOf(name)?.[dimension] ?? Number.NaN);
  };
  return { valence: of('valence'), intensity: of('intensity') };
}

/** Two classes that contradict each other, and how much it weighs that a text has both. */
export interface Contradiction {
  readonly first: string;
  readonly second: string;
  readonly weight: number;
}

/** Pairs of classes as an experiment names them: [class, class] or, with a weight other than 1, [class, class, weight]. */
export const pairsSchema = z
  .array(
    z
      .tuple([z.string(), z.string(), z.number().positive().optional()], '[class, class] or [class, class, weight]')
      .refine(([first, second]) => first !== second, 'two different classes'),
  )
  .min(1, 'at least one pair of classes');

export type Pairs = z.output<typeof pairsSchema>;

/** The pairs that are named; default: every pleasant class with every unpleasant one. */
export function contradictionsOf(names: readonly string[], pairs?: Pairs): Contradiction[] {
  return pairs?.map(([first, second, weight = 1]) => ({ first, second, weight })) ?? oppositeClasses(names);
}

/**
 * Every pair of a pleasant and an unpleasant class by the places that are known, with weight 1; classes that are not known
 * contradict none.
 */
export function oppositeClasses(names: readonly string[]): Contradiction[] {
  const withSign = (sign: 1 | -1) => names.filter((name) => Math.sign(affectOf(name)?.valence ?? 0) === sign);
  return withSign(1).flatMap((first) => withSign(-1).map((second) => ({ first, second, weight: 1 })));
}

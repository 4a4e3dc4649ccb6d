import { sampleCorrelation } from 'simple-statistics';
import type { AffectPlaces } from '../data/circumplex.ts';

/** How far what an affect head finds lies from the places of the classes. */
export interface AffectScores {
  /** Mean absolute error of the valence, 0 to 2. */
  readonly valenceError: number;
  /** Pearson's correlation of valence found and wanted; 0 where either is the same for all texts. */
  readonly valenceCorrelation: number;
  /** Mean absolute error of the intensity, 0 to 1. */
  readonly intensityError: number;
  readonly intensityCorrelation: number;
}

/**
 * Scores of the dimensions of which every class has a place.
 *
 * @param found [texts, 2], row by row: valence and intensity
 * @param labels class of each text, at least one
 * @param places of all classes
 */
export function affectScores(
  found: ArrayLike<number>,
  labels: ArrayLike<number>,
  places: AffectPlaces,
): Partial<AffectScores> {
  const of = (ofClass: readonly number[], column: 0 | 1) => {
    const wanted = Array.from(labels, (label) => ofClass[label] as number);
    const own = wanted.map((_, text) => found[2 * text + column] as number);
    const error = own.reduce((sum, value, text) => sum + Math.abs(value - (wanted[text] as number)), 0) / own.length;
    const isConstant = (values: readonly number[]) => values.every((value) => value === values[0]);
    return { error, correlation: isConstant(own) || isConstant(wanted) ? 0 : sampleCorrelation(own, wanted) };
  };
  const isKnown = (ofClass: readonly number[]) => ofClass.every(Number.isFinite);
  const valence = isKnown(places.valence) ? of(places.valence, 0) : undefined;
  const intensity = isKnown(places.intensity) ? of(places.intensity, 1) : undefined;
  return {
    ...(valence && { valenceError: valence.error, valenceCorrelation: valence.correlation }),
    ...(intensity && { intensityError: intensity.error, intensityCorrelation: intensity.correlation }),
  };
}

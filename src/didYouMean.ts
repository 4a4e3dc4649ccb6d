import { closest, distance } from 'fastest-levenshtein';

/** ` Did you mean "x"?` for the name nearest to what was given, or the empty string if none is near. */
export function didYouMean(given: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const nearest = closest(given.toLowerCase(), [...known]);
  return distance(given.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, given.length / 3)
    ? ` Did you mean "${nearest}"?`
    : '';
}

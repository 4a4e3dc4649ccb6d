/**
 * Places of a curve that are drawn: of each stretch of equally many values the first, the last, the least and the greatest,
 * so that no spike is lost. All of them if there are no more than `most`. What is not finite is left out.
 *
 * @param most at least 4
 */
export function thin(values: ArrayLike<number>, most: number): number[] {
  const finite: number[] = [];
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) finite.push(i);
  if (finite.length <= most) return finite;
  const stretches = Math.floor(most / 4);
  return Array.from({ length: stretches }, (_, stretch) => {
    const from = Math.floor((stretch * finite.length) / stretches);
    const to = Math.floor(((stretch + 1) * finite.length) / stretches);
    return extremes(values, finite.slice(from, to));
  }).flat();
}

/** The first, last, least and greatest of some places, each once, in their order. */
function extremes(values: ArrayLike<number>, places: readonly number[]): number[] {
  const at = (place: number) => values[place] as number;
  const first = places[0] as number;
  let [least, greatest] = [first, first];
  for (const place of places) {
    if (at(place) < at(least)) least = place;
    if (at(place) > at(greatest)) greatest = place;
  }
  return [...new Set([first, least, greatest, places.at(-1) as number])].sort((a, b) => a - b);
}

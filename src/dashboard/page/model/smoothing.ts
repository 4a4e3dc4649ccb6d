/**
 * Exponential moving average without the pull towards 0 at the start: each mean is divided by the weight that it has so
 * far (the bias correction of Adam, Kingma & Ba 2015, section 3). Values that are not finite are passed through and do not
 * count.
 *
 * @param weight of what came before, from 0 (as it is) to below 1
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight === 0) return [...values];
  let mean = 0;
  let total = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    mean = weight * mean + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return mean / total;
  });
}

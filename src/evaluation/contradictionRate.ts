import type { Contradiction } from '../data/circumplex.ts';
import type { Probabilities } from './probabilities.ts';

/**
 * Share of texts of which a classifier is confident that they have two classes that contradict each other.
 *
 * @param threshold what both probabilities are above
 */
export function contradictionRate(
  { values, classes }: Probabilities,
  labelNames: readonly string[],
  pairs: readonly Contradiction[],
  threshold: number,
): number {
  const numbers = pairs.map(({ first, second }) => [labelNames.indexOf(first), labelNames.indexOf(second)] as const);
  const texts = values.length / classes;
  let contradicting = 0;
  for (let text = 0; text < texts; text++) {
    const isSure = (label: number) => (values[text * classes + label] as number) > threshold;
    contradicting += Number(numbers.some(([first, second]) => isSure(first) && isSure(second)));
  }
  return contradicting / texts;
}

import type { SplitName } from '../data/source.ts';
import { stream } from '../random.ts';
import type { SynthesisOptions } from './options.ts';

/**
 * Divides narratives at random, always in the same way for a seed, so that no plot of the test is seen in training. With
 * three or more each split has at least one; of two one is for training and one for testing.
 *
 * @returns the split of each narrative
 */
export function splitNarratives(
  ids: readonly string[],
  shares: SynthesisOptions['split'],
  seed: number,
): ReadonlyMap<string, SplitName> {
  const order = stream(seed, 'synthesis', 'split').shuffle(ids);
  const size = order.length;
  const test = size < 2 ? 0 : atLeastOne(shares.test * size, size - 2);
  const validation = size < 3 ? 0 : atLeastOne(shares.validation * size, size - test - 1);
  return new Map(order.map((id, i) => [id, i < test ? 'test' : i < test + validation ? 'validation' : 'train']));
}

function atLeastOne(size: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(size)));
}

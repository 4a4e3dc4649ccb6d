import { z } from 'zod';
import { type Problem, throwIfAny } from '../src/errors.ts';
import { stream } from '../src/random.ts';
import { defineSampler, itemsByLabel, type Sampler, wholeCoverage } from './sampler.ts';

const schema = z.strictObject({
  kind: z.literal('stratified'),
  /** The most items a batch may hold. */
  batchSize: z.int().min(4).default(64),
});

/**
 * Stratified: every batch mirrors the label proportions of the training split, and an epoch uses every item exactly
 * once. An epoch has b = ⌈items / batchSize⌉ batches, equal in size to within one item: no small last batch, in which a
 * contrastive loss would see other proportions. A label with n items gives each batch ⌊n / b⌋ or ⌈n / b⌉ of them, the
 * two roundings between which the method of the largest remainder chooses; where it would round the same labels up in
 * every batch, here the rounding up goes round, so that the batches add up to the training split.
 *
 * Both hold by construction: the items, sorted by label, are dealt to the batches in turn like cards.
 */
export const stratified = defineSampler({
  schema,
  create(labels, { batchSize }, seed, labelNames): Sampler {
    const itemsOf = itemsByLabel(labels, labelNames.length).filter((items) => items.length > 0);
    const batchesPerEpoch = Math.ceil(labels.length / batchSize);
    throwIfAny(
      findProblems(
        itemsOf.map((items) => items.length),
        batchSize,
      ),
    );

    // The order in which labels are dealt is what gives every batch a second label and a positive pair, see below.
    const [largest = [], ...others] = itemsOf.toSorted((a, b) => b.length - a.length);
    const inEveryBatch = others.filter((items) => items.length >= batchesPerEpoch);
    const rare = others.filter((items) => items.length < batchesPerEpoch);

    function epoch(n: number): Int32Array[] {
      const random = stream(seed, 'stratified', n);
      const inTurn = [largest, ...random.shuffle(inEveryBatch), ...random.shuffle(rare)].flatMap((items) =>
        random.shuffle(items),
      );
      const batches: number[][] = Array.from({ length: batchesPerEpoch }, () => []);
      for (const [position, item] of inTurn.entries()) batches[position % batchesPerEpoch]?.push(item);
      // Shuffled within as well, so that a slice of a batch (a micro-batch) is no run of one label.
      return random.shuffle(batches).map((batch) => Int32Array.from(random.shuffle(batch)));
    }

    return {
      batchesPerEpoch,
      coverage: wholeCoverage(labels.length),
      epoch,
    };
  },
});

/**
 * With b batches in an epoch,
 *
 * - every batch has a second label if and only if the labels other than the largest have b items together: they are
 *   dealt one after the other, to each batch in turn;
 * - every batch has two items of some label if and only if the labels with b items or more have, beyond the b that go
 *   one to each batch, b more together: they are dealt one after the other, and where the surplus of one ends, that of
 *   the next begins.
 */
function findProblems(sizes: readonly number[], batchSize: number): Problem[] {
  const items = sizes.reduce((sum, size) => sum + size, 0);
  const outsideLargest = items - Math.max(0, ...sizes);
  const surplus = (batches: number) => sizes.reduce((sum, size) => sum + Math.max(0, size - batches), 0);

  const batches = Math.ceil(items / batchSize);
  const problems: Omit<Problem, 'remedy'>[] = [];
  if (outsideLargest < Math.max(1, batches))
    problems.push({
      code: 'SAMPLER_ONE_LABEL_PER_BATCH',
      given: `${outsideLargest} of ${items} items lie outside the largest label, for ${batches} batches of up to ${batchSize}`,
      expected: 'one for each batch at least, since the loss needs negatives',
    });
  if (surplus(batches) < Math.max(1, batches))
    problems.push({
      code: 'SAMPLER_NO_POSITIVES',
      given: `${items} items of ${sizes.length} labels in proportion do not put two of some label into each of ${batches} batches of up to ${batchSize}`,
      expected: 'such a pair in every batch, since the loss needs positives',
    });
  if (problems.length === 0) return [];

  let fewer = batches - 1;
  while (fewer > 0 && (outsideLargest < fewer || surplus(fewer) < fewer)) fewer--;
  const remedy =
    fewer > 0
      ? `Raise batchSize to ${Math.ceil(items / fewer)}.`
      : 'Use data with two labels or more, one of them with two items or more.';
  return problems.map((problem) => ({ ...problem, remedy }));
}

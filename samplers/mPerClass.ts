import { z } from 'zod';
import { type Problem, throwIfAny } from '../src/errors.ts';
import { stream } from '../src/random.ts';
import { createDealer } from './dealer.ts';
import { defineSampler, itemsByLabel, type Sampler } from './sampler.ts';

/** Bounds the search for remedies; the similarity matrix of such a batch would already hold 2³² numbers. */
const largestBatch = 65_536;

const schema = z.strictObject({
  kind: z.literal('mPerClass'),
  /** Items in a batch; a multiple of `m`. */
  batchSize: z.int().min(4).max(largestBatch).default(64),
  /** Items of each label in a batch. */
  m: z.int().min(2).max(largestBatch).default(4),
  /**
   * What happens to a label that has fewer than `m` items: `repeat` its items within a batch, `drop` the label, or
   * `shrink` its share of the batch to all the items it has.
   */
  smallClasses: z.enum(['repeat', 'drop', 'shrink']).default('repeat'),
});
type Options = z.output<typeof schema>;

/**
 * M per class: each batch holds `batchSize / m` different labels and `m` items of each, so that rare labels are seen as
 * often as frequent ones.
 *
 * Labels are dealt from a shuffled deck of the labels, and each label's items from a shuffled deck of its items; a deck
 * is shuffled anew only when it is spent, also across epochs ({@link createDealer}). An epoch is
 * ⌈items / batchSize⌉ batches: as many draws as there are items to draw from. Since all labels are drawn equally often,
 * an epoch repeats items of rare labels and reaches only a part of the frequent ones; as the decks go on, every item is
 * reached within `coverage.epochsToCover` epochs, and none is drawn a second time before all of its label were drawn
 * once.
 *
 * `repeat` is the only policy under which an item may be twice in a batch, and then only if its label has fewer than
 * `m` items. Under `shrink` batches may be smaller than `batchSize`.
 */
export const mPerClass = defineSampler({
  schema,
  create(labels, options, seed, labelNames): Sampler {
    const itemsOf = itemsByLabel(labels, labelNames.length);
    throwIfAny(
      findProblems(
        itemsOf.map((items) => items.length),
        options,
      ),
    );

    const handSize = (items: readonly number[]) => sizeOfHand(items.length, options);
    const drawn = [...itemsOf.keys()].filter((label) => handSize(itemsOf[label] ?? []) > 0);
    const itemDealers = new Map(
      drawn.map((label) => {
        const items = itemsOf[label] ?? [];
        return [
          label,
          createDealer(items, handSize(items), (cycle) => stream(seed, 'mPerClass', 'items', label, cycle)),
        ];
      }),
    );
    const labelsPerBatch = options.batchSize / options.m;
    const labelDealer = createDealer(drawn, labelsPerBatch, (cycle) => stream(seed, 'mPerClass', 'labels', cycle));
    const drawnItems = drawn.reduce((sum, label) => sum + (itemsOf[label]?.length ?? 0), 0);
    const batchesPerEpoch = Math.ceil(drawnItems / options.batchSize);

    function epoch(n: number): Int32Array[] {
      const batches = labelDealer.hands(n * batchesPerEpoch, batchesPerEpoch);
      const before = labelDealer.timesDealt(n * batchesPerEpoch);
      const after = labelDealer.timesDealt((n + 1) * batchesPerEpoch);
      const hands = new Map<number, Iterator<number[]>>();
      for (const [label, dealer] of itemDealers) {
        const from = before.get(label) ?? 0;
        hands.set(label, dealer.hands(from, (after.get(label) ?? 0) - from).values());
      }
      return batches.map((batch) => Int32Array.from(batch.flatMap((label) => hands.get(label)?.next().value ?? [])));
    }

    const handsForAll = drawn.map((label) => {
      const items = itemsOf[label] ?? [];
      return Math.ceil(items.length / handSize(items));
    });
    const batchesToCover = Math.ceil((Math.max(...handsForAll) * drawn.length) / labelsPerBatch);
    return {
      batchesPerEpoch,
      coverage: {
        items: labels.length,
        perEpoch: new Set(epoch(0).flatMap((batch) => [...batch])).size,
        dropped: labels.length - drawnItems,
        droppedLabels: labelNames.filter((_, label) => !itemDealers.has(label) && (itemsOf[label]?.length ?? 0) > 0),
        epochsToCover: Math.ceil(batchesToCover / batchesPerEpoch),
      },
      epoch,
    };
  },
});

/** How many items a label with `items` items gives to a batch; 0 if it is left out. */
function sizeOfHand(items: number, { m, smallClasses }: Options): number {
  if (items >= m) return m;
  if (smallClasses === 'shrink') return items;
  return smallClasses === 'repeat' && items > 0 ? m : 0;
}

/** @param sizes items per label */
function findProblems(sizes: readonly number[], options: Options): Problem[] {
  const reasons = findReasons(sizes, options);
  if (reasons.length === 0) return [];
  const remedy = findRemedy(sizes, options);
  return reasons.map((reason) => ({ ...reason, remedy }));
}

function findReasons(sizes: readonly number[], options: Options): Omit<Problem, 'remedy'>[] {
  const { batchSize, m, smallClasses } = options;
  const reasons: Omit<Problem, 'remedy'>[] = [];
  const labelsPerBatch = Math.floor(batchSize / m);
  const hands = sizes.map((items) => sizeOfHand(items, options)).filter((size) => size > 0);

  if (batchSize % m !== 0)
    reasons.push({
      code: 'SAMPLER_BATCH_NOT_MULTIPLE',
      given: `batchSize ${batchSize} with m ${m}`,
      expected: 'batchSize to be a multiple of m',
    });
  if (labelsPerBatch < 2)
    reasons.push({
      code: 'SAMPLER_ONE_LABEL_PER_BATCH',
      given: `batchSize ${batchSize} with m ${m} leaves room for ${labelsPerBatch} label${labelsPerBatch === 1 ? '' : 's'}`,
      expected: 'two labels or more in a batch, since the loss needs negatives',
    });
  if (hands.length < Math.max(2, labelsPerBatch)) {
    const enough = smallClasses === 'drop' ? ` with ${m} items or more` : '';
    reasons.push({
      code: 'SAMPLER_TOO_FEW_LABELS',
      given: `the training split has ${hands.length} label${hands.length === 1 ? '' : 's'}${enough}`,
      expected: `${Math.max(2, labelsPerBatch)} for batchSize ${batchSize} with m ${m}`,
    });
  }
  const lone = hands.filter((size) => size === 1).length;
  if (lone > 0 && lone >= labelsPerBatch)
    reasons.push({
      code: 'SAMPLER_NO_POSITIVES',
      given: `${lone} labels have a single item, enough to fill a batch of ${labelsPerBatch} labels`,
      expected: 'two items of some label in every batch, since the loss needs positives',
    });
  return reasons;
}

/** Names the nearest changes that mend every problem; each was tried on these labels before it is named. */
function findRemedy(sizes: readonly number[], options: Options): string {
  const { batchSize, m } = options;
  const works = (change: Partial<Options>) => findReasons(sizes, { ...options, ...change }).length === 0;
  const remedies: string[] = [];
  const tryValues = (name: 'batchSize' | 'm', verb: 'lower' | 'raise', from: number, to: number) => {
    const step = verb === 'lower' ? -1 : 1;
    for (let value = from; (to - value) * step >= 0; value += step) {
      if (works({ [name]: value })) {
        remedies.push(`${verb} ${name} to ${value}`);
        return;
      }
    }
  };

  const largest = Math.min(largestBatch, sizes.filter((items) => items > 0).length * m);
  tryValues('batchSize', 'lower', Math.min(batchSize - 1, largest), 4);
  tryValues('batchSize', 'raise', batchSize + 1, largest);
  tryValues('m', 'lower', m - 1, 2);
  tryValues('m', 'raise', m + 1, Math.floor(batchSize / 2));
  const policy = schema.shape.smallClasses.unwrap().options.find((smallClasses) => works({ smallClasses }));
  if (policy) remedies.push(`set smallClasses to '${policy}'`);
  if (remedies.length === 0) {
    remedies.push(
      works({ batchSize: 4, m: 2, smallClasses: 'repeat' })
        ? "set batchSize to 4, m to 2 and smallClasses to 'repeat'"
        : 'use data with two labels or more',
    );
  }
  const sentence = remedies.join(' or ');
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

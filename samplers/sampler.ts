import type { z } from 'zod';

/** What an epoch reaches; recorded with each run, because not every sampler can show every item in each epoch. */
export interface Coverage {
  /** Items in the training split. */
  readonly items: number;
  /** Distinct items in the first epoch. */
  readonly perEpoch: number;
  /** Items that are never drawn. */
  readonly dropped: number;
  /** The names of the labels whose items are never drawn. */
  readonly droppedLabels: readonly string[];
  /** Every item that is not dropped is drawn at least once within this many epochs, counted from epoch 0. */
  readonly epochsToCover: number;
}

/** Of a sampler that shows every item in each epoch. */
export function wholeCoverage(items: number): Coverage {
  return { items, perEpoch: items, dropped: 0, droppedLabels: [], epochsToCover: 1 };
}

/**
 * Deals the training split into batches. An epoch is a pure function of the seed and its number, so a run may resume
 * at any epoch. Every batch of a sampler for contrastive losses, which is all but `shuffled`, holds at least two labels,
 * and at least one label twice: without the one the loss has no negatives, without the other no positives.
 */
export interface Sampler {
  readonly batchesPerEpoch: number;
  readonly coverage: Coverage;
  /** The batches of epoch `n` (from 0), as indices into the training split. The order within a batch means nothing. */
  epoch(n: number): readonly Int32Array[];
}

/** One way of sampling: its options, and how a sampler is made from the labels of the training split. */
export interface SamplerKind<Schema extends z.ZodObject = z.ZodObject> {
  /** A strict object with defaults; its `kind` is the literal name under which the sampler is registered. */
  readonly schema: Schema;
  /**
   * @param labels the label of each training item, an index into `labelNames`
   * @throws UserError with every reason why the options cannot be met on these labels, and changes that mend them
   */
  create(labels: Int32Array, options: z.output<Schema>, seed: number, labelNames: readonly string[]): Sampler;
}

/** An identity function that checks a sampler's type. */
export function defineSampler<Schema extends z.ZodObject>(kind: SamplerKind<Schema>): SamplerKind<Schema> {
  return kind;
}

/** The indices of each label's items; a label without items has an empty list. */
export function itemsByLabel(labels: Int32Array, labelCount: number): number[][] {
  const items: number[][] = Array.from({ length: labelCount }, () => []);
  for (const [item, label] of labels.entries()) items[label]?.push(item);
  return items;
}

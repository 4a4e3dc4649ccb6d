import { z } from 'zod';

const share = z.number().min(0).max(1);

/** How a user's own file or folder is to be read. */
export const declarationSchema = z.strictObject({
  /** Names of its columns or fields. */
  columns: z
    .strictObject({
      text: z.string().min(1).default('text'),
      label: z.string().min(1).default('label'),
      /** What happened before the text; may be absent. */
      context: z.string().min(1).default('context'),
    })
    .refine(({ text, label, context }) => new Set([text, label, context]).size === 3, 'three different names')
    .prefault({}),
  /** Names of the classes by their values in the file, e.g. `{ 0: 'negative', 1: 'positive' }`. Default: the values. */
  labels: z.record(z.string(), z.string().min(1)).optional(),
  /**
   * How a single file is divided: by shares of each class, at random but always in the same way for a seed. Texts that
   * are equal stay together.
   */
  split: z
    .strictObject({
      train: share.default(0.8),
      validation: share.default(0.1),
      test: share.default(0.1),
      seed: z.int().min(0).default(0),
    })
    .refine(({ train, validation, test }) => Math.abs(train + validation + test - 1) < 1e-9, 'shares that add up to 1')
    .prefault({}),
});

export type Declaration = z.output<typeof declarationSchema>;

import { z } from 'zod';

const share = z.number().gt(0).lt(1);

/**
 * What the corpus of a synthesis depends on, apart from its narratives, its prompts and what the model answers. Where and
 * how fast it is asked is no part of it.
 */
export const synthesisOptionsSchema = z.strictObject({
  /** As the endpoint calls it. */
  model: z.string().min(1),
  /** How an answer's form is asked of the endpoint: by its JSON Schema, as any JSON, or by the prompt alone. */
  structured: z.enum(['schema', 'object', 'none']).default('schema'),
  /** Default: the endpoint's. */
  temperature: z.number().min(0).max(2).optional(),
  /** Default: the endpoint's. */
  topP: z.number().gt(0).max(1).optional(),
  /** Of an answer. Default: the endpoint's. */
  maxTokens: z.int().min(1).optional(),
  /** Sent to the endpoint if given; the splits and samples of this project are drawn by it, or by 0. */
  seed: z.int().min(0).optional(),
  /** Characters of a narrative at most. */
  characters: z.int().min(1).max(20).default(4),
  /** Narratives of a round, within which accepted utterances steer nothing. */
  round: z.int().min(1).default(8),
  /** Utterances of a class at most, by their strongest emotion. Default: as many as come. */
  quota: z.int().min(1).optional(),
  /**
   * Cosine above which an utterance is a near-duplicate of an accepted one, or its ambiguous rewriting of an accepted
   * rewriting. With `mini` the 1,680 utterances of the project's own corpus, all different, stay below .86, the 267
   * ambiguous ones among them below .73, and rewordings by a word or two come above .96.
   */
  maxSimilarity: z.number().gt(0).max(1).default(0.92),
  /** Of the narratives in each split. */
  split: z
    .strictObject({ train: share.default(0.8), validation: share.default(0.1), test: share.default(0.1) })
    .refine(({ train, validation, test }) => Math.abs(train + validation + test - 1) < 1e-9, 'shares that add up to 1')
    .prefault({}),
  /** Price of a million tokens; the cost has the same currency. */
  price: z.strictObject({ input: z.number().min(0), output: z.number().min(0) }).optional(),
});

export type SynthesisOptions = z.output<typeof synthesisOptionsSchema>;

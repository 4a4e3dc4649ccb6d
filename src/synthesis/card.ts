import { z } from 'zod';
import { emotions } from '../data/emotions.ts';
import { type SplitName, splitNames } from '../data/source.ts';
import { expressed } from '../data/strengths.ts';
import type { Matrix } from '../evaluation/matrix.ts';
import { repairPrompt } from './asker.ts';
import { measureDiversity } from './diversity.ts';
import type { Embedder } from './embedder.ts';
import type { Emotion } from './emotion.ts';
import { labelOf, type SynthesisedExample } from './example.ts';
import type { LabelMap } from './labelMap.ts';
import type { LabelProposal } from './labelProposals.ts';
import type { NarrativeCorpus } from './narratives.ts';
import { type SynthesisOptions, synthesisOptionsSchema } from './options.ts';
import { shortfalls } from './quota.ts';
import { stages } from './stages/index.ts';
import type { Tally } from './tally.ts';

const count = z.int().min(0);
const counts = z.record(z.string(), count);
const emotion = z.enum(emotions);

/** What card.json says of a synthesis. Nothing in it depends on when, how fast or in how many attempts it was made. */
export const cardSchema = z.strictObject({
  /** Whether all rounds are done; classes may be below their quota then all the same. */
  complete: z.boolean(),
  endpoint: z.enum(['local', 'remote']),
  options: synthesisOptionsSchema,
  narratives: z.strictObject({ name: z.string(), given: count, used: count, sha256: z.string() }),
  prompts: z.array(z.strictObject({ name: z.string(), version: z.int(), sha256: z.string() })),
  encoder: z.strictObject({ name: z.string(), hash: z.string(), pooling: z.string() }),
  stages: z.array(
    z.strictObject({ name: z.string(), questions: count, answered: count, repaired: count, rejected: counts }),
  ),
  utterances: z.strictObject({ rated: count, rejected: counts, accepted: count }),
  /** What the quota came to; not there without one. */
  quota: z
    .strictObject({
      /** Classes that have not reached it, and how many utterances they lack. */
      below: z.array(z.strictObject({ emotion, missing: count })),
      /** Neutral utterances that were written but, since their class was full, not rated. */
      unrated: count,
    })
    .optional(),
  labels: z.strictObject({
    remapped: z.array(z.strictObject({ word: z.string(), emotion, times: count })),
    dropped: counts,
    unknown: z.array(
      z.strictObject({
        word: z.string(),
        times: count,
        proposal: emotion,
        /** Rounded to three places. */
        cosine: z.number(),
      }),
    ),
  }),
  usage: z.strictObject({
    calls: count,
    /** Calls whose tokens the endpoint did not count. */
    uncounted: count,
    promptTokens: count,
    completionTokens: count,
    /** In the currency of the prices. */
    cost: z.number().optional(),
  }),
  splits: z.strictObject({
    train: z.strictObject({ narratives: count, utterances: count }),
    validation: z.strictObject({ narratives: count, utterances: count }),
    test: z.strictObject({ narratives: count, utterances: count }),
  }),
  /** Of the utterances before they are rewritten; rounded to three places. */
  diversity: z.strictObject({
    distinct1: z.number(),
    distinct2: z.number(),
    distinct3: z.number(),
    selfBleu4: z.number(),
    selfBleuSample: count,
    meanCosine: z.number(),
  }),
  /** Utterances by their strongest emotion, and by every one of an expressiveness of .3 or more. */
  distribution: z.array(z.strictObject({ emotion, strongest: count, expressed: count })),
});

export type Card = z.output<typeof cardSchema>;

/** What a card is made of. */
export interface CardParts {
  readonly complete: boolean;
  readonly endpoint: Card['endpoint'];
  readonly options: SynthesisOptions;
  readonly corpus: NarrativeCorpus;
  /** Narratives of the rounds so far. */
  readonly used: number;
  readonly embedder: Embedder;
  readonly tally: Tally;
  readonly labelMap: LabelMap;
  readonly proposals: readonly LabelProposal[];
  readonly examples: readonly SynthesisedExample[];
  /** Of the examples' utterances, rows of length 1. */
  readonly embeddings: Matrix;
  /** The split of each narrative that has examples. */
  readonly splitOf: ReadonlyMap<string, SplitName>;
}

/** Makes the card of what has been accepted so far. */
export function makeCard(parts: CardParts): Card {
  const { complete, endpoint, options, corpus, used, embedder, tally, labelMap, proposals, examples, splitOf } = parts;
  const { name, narratives, sha256 } = corpus;
  const diversity = measureDiversity(
    examples.map(({ utterance }) => utterance),
    parts.embeddings,
    options.seed ?? 0,
  );
  const [distinct1, distinct2, distinct3] = diversity.distinct.map(rounded) as [number, number, number];
  const unknownTimes = tally.unknown.toRecord();
  const byLabel = new Map<Emotion, number>();
  for (const example of examples) byLabel.set(labelOf(example), (byLabel.get(labelOf(example)) ?? 0) + 1);
  return cardSchema.parse({
    complete,
    endpoint,
    options,
    narratives: { name, given: narratives.length, used, sha256 },
    prompts: [...stages.map(({ prompt }) => prompt.identity), repairPrompt.identity],
    encoder: embedder.identity,
    stages: stages.map(({ name: stage }) => {
      const { rejected, ...own } = tally.stages[stage];
      return { name: stage, ...own, rejected: rejected.toRecord() };
    }),
    utterances: {
      rated: tally.stages.labels.answered,
      rejected: tally.rejected.toRecord(),
      accepted: examples.length,
    },
    ...(options.quota !== undefined && {
      quota: { below: shortfalls(byLabel, options.quota), unrated: tally.unrated },
    }),
    labels: {
      remapped: Object.entries(tally.remapped.toRecord()).map(([word, times]) => ({
        word,
        emotion: labelMap.get(word),
        times,
      })),
      dropped: tally.dropped.toRecord(),
      unknown: proposals.map(({ word, emotion: proposal, cosine }) => ({
        word,
        times: unknownTimes[word],
        proposal,
        cosine: rounded(cosine),
      })),
    },
    usage: { ...tally.usage, ...(options.price && { cost: costOf(tally.usage, options.price) }) },
    splits: Object.fromEntries(
      splitNames.map((part) => [
        part,
        {
          narratives: [...splitOf.values()].filter((own) => own === part).length,
          utterances: examples.filter(({ narrative }) => splitOf.get(narrative) === part).length,
        },
      ]),
    ),
    diversity: {
      ...{ distinct1, distinct2, distinct3 },
      selfBleu4: rounded(diversity.selfBleu),
      selfBleuSample: diversity.sampled,
      meanCosine: rounded(diversity.meanCosine),
    },
    distribution: emotions.map((own) => ({
      emotion: own,
      strongest: byLabel.get(own) ?? 0,
      expressed: examples.filter((example) => example.emotions.some(([e, value]) => e === own && value >= expressed))
        .length,
    })),
  });
}

/** Cost of tokens at prices a million tokens, to a millionth. */
function costOf(
  { promptTokens, completionTokens }: { readonly promptTokens: number; readonly completionTokens: number },
  { input, output }: NonNullable<SynthesisOptions['price']>,
): number {
  return Number(((promptTokens * input + completionTokens * output) / 1e6).toFixed(6));
}

function rounded(value: number): number {
  // Not −0, which JSON cannot tell.
  return Number(value.toFixed(3)) + 0;
}

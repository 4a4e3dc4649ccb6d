import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineEvaluator, type LabelledEmbeddings } from './evaluator.ts';
import { type Matrix, normaliseRows, rowRanges, rowsTensor } from './matrix.ts';
import { relevantRanks } from './relevantRanks.ts';

const schema = z.strictObject({
  /** What a test text is to find: other test texts, or training texts. */
  among: z.enum(['test', 'train']).default('test'),
  /**
   * Rows that are compared with all references at a time, at most: chunk · n similarities are in memory, 19 MB for 5,000
   * texts; of many references fewer, so that it is never more than 64 MB.
   */
  chunk: z.int().positive().default(1024),
});

export type RetrievalOptions = z.output<typeof schema>;

/** Scores of a retrieval, each from 0 to 1, means over the queries that have something to find. */
export interface RetrievalScores {
  /** Share of queries whose nearest reference is relevant. */
  readonly precisionAt1: number;
  /** Mean of 1 / rank of the first relevant reference. */
  readonly mrr: number;
  /** Mean share of relevant ones among the R nearest, R being how many there are in all. */
  readonly rPrecision: number;
  /** MAP@R: mean of 1/R · Σ precision at i over the relevant ranks i ≤ R (Musgrave et al. 2020, arXiv 2003.08505). */
  readonly mapAtR: number;
  /** Mean average precision over the whole ranking. */
  readonly map: number;
  /** Queries without a relevant reference, which are left out of the means. */
  readonly withoutRelevant: number;
}

/**
 * The test texts retrieve one another, or training texts: for each, all of them are ranked by cosine similarity, and those
 * of its class are relevant. Exact, over the whole ranking; of equal similarities the earlier text comes first, as in a stable sort.
 */
export const retrieval = defineEvaluator({
  schema,
  primary: 'mapAtR',
  async evaluate({ train, test }, { among, chunk }: RetrievalOptions) {
    const { embeddings, labels } = test;
    return {
      ...(among === 'test' ? await retrieveOthers(embeddings, labels, chunk) : await retrieveFrom(test, train, chunk)),
    };
  },
});

/** Each row is a query, all other rows are its references. */
export function retrieveOthers(embeddings: Matrix, labels: Int32Array, chunk: number): Promise<RetrievalScores> {
  const unit = normaliseRows(embeddings);
  return retrieve({ unit, labels }, { unit, labels }, { chunk, excludeSelf: true });
}

/** Queries against references of their own. */
export function retrieveFrom(
  queries: LabelledEmbeddings,
  references: LabelledEmbeddings,
  chunk: number,
): Promise<RetrievalScores> {
  return retrieve(
    { unit: normaliseRows(queries.embeddings), labels: queries.labels },
    { unit: normaliseRows(references.embeddings), labels: references.labels },
    { chunk, excludeSelf: false },
  );
}

interface Labelled {
  /** Rows of length 1. */
  readonly unit: Matrix;
  readonly labels: Int32Array;
}

async function retrieve(
  queries: Labelled,
  references: Labelled,
  { chunk, excludeSelf }: { readonly chunk: number; readonly excludeSelf: boolean },
): Promise<RetrievalScores> {
  const sums = { precisionAt1: 0, mrr: 0, rPrecision: 0, mapAtR: 0, map: 0 };
  let scored = 0;
  const all = { from: 0, to: references.unit.rows };
  const transposed = rowsTensor(references.unit, all);
  try {
    const rowsAtATime = Math.max(1, Math.min(chunk, Math.floor(mostSimilarities / all.to)));
    for (const range of rowRanges(queries.unit.rows, rowsAtATime)) {
      const cosines: tf.Tensor2D = tf.tidy(() => tf.matMul(rowsTensor(queries.unit, range), transposed, false, true));
      const own = { labels: queries.labels.subarray(range.from, range.to), firstSelf: excludeSelf ? range.from : -1 };
      const ranksOfQueries = await relevantRanks(cosines, own, references.labels);
      cosines.dispose();
      for (const ranks of ranksOfQueries) {
        const found = ranks.length;
        if (found === 0) continue;
        scored++;
        const first = ranks[0] as number;
        sums.precisionAt1 += first === 1 ? 1 : 0;
        sums.mrr += 1 / first;
        for (let i = 0; i < found; i++) {
          const rank = ranks[i] as number;
          const precision = (i + 1) / rank / found;
          sums.map += precision;
          if (rank > found) continue;
          sums.mapAtR += precision;
          sums.rPrecision += 1 / found;
        }
      }
    }
  } finally {
    transposed.dispose();
  }
  const mean = (sum: number) => (scored === 0 ? 0 : sum / scored);
  return {
    precisionAt1: mean(sums.precisionAt1),
    mrr: mean(sums.mrr),
    rPrecision: mean(sums.rPrecision),
    mapAtR: mean(sums.mapAtR),
    map: mean(sums.map),
    withoutRelevant: queries.unit.rows - scored,
  };
}

/** In memory at a time. */
const mostSimilarities = 2 ** 24;

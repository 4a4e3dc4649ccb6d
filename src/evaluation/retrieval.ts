import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineEvaluator } from './evaluator.ts';
import { type Matrix, normaliseRows, rowRanges, rowsTensor } from './matrix.ts';

const schema = z.strictObject({
  /** Rows that are compared with all others at a time: chunk · n similarities are in memory, 19 MB for 5,000 texts. */
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
 * The test texts retrieve one another: for each, all others are ranked by cosine similarity, and those of its class are
 * relevant. Exact, over the whole ranking; of equal similarities the earlier text comes first, as in a stable sort.
 */
export const retrieval = defineEvaluator({
  schema,
  primary: { metric: 'mapAtR', direction: 'higher' },
  async evaluate({ test: { embeddings, labels } }, { chunk }: RetrievalOptions) {
    return { ...(await retrieveOthers(embeddings, labels, chunk)) };
  },
});

/** Each row is a query, all other rows are its references. */
export function retrieveOthers(embeddings: Matrix, labels: Int32Array, chunk: number): Promise<RetrievalScores> {
  const unit = normaliseRows(embeddings);
  return retrieve({ unit, labels }, { unit, labels }, { chunk, excludeSelf: true });
}

/** Queries against references of their own. */
export function retrieveFrom(
  queries: { readonly embeddings: Matrix; readonly labels: Int32Array },
  references: { readonly embeddings: Matrix; readonly labels: Int32Array },
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
  const members = membersOf(references.labels);
  const ranksOf = createRanker(references.unit.rows);
  const sums = { precisionAt1: 0, mrr: 0, rPrecision: 0, mapAtR: 0, map: 0 };
  let scored = 0;
  const all = { from: 0, to: references.unit.rows };
  const transposed = rowsTensor(references.unit, all);
  try {
    for (const range of rowRanges(queries.unit.rows, chunk)) {
      const cosines = tf.tidy(() => tf.matMul(rowsTensor(queries.unit, range), transposed, false, true));
      const values = (await cosines.data()) as Float32Array;
      cosines.dispose();
      for (let query = range.from; query < range.to; query++) {
        const relevant = members.get(queries.labels[query] as number) ?? noMembers;
        const row = values.subarray((query - range.from) * all.to, (query - range.from + 1) * all.to);
        const ranks = ranksOf(relevant, row, excludeSelf ? query : -1);
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

const noMembers = new Int32Array();

/** Indices of each class, ascending. */
function membersOf(labels: Int32Array): Map<number, Int32Array> {
  const lists = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const list = lists.get(label);
    if (list) list.push(i);
    else lists.set(label, [i]);
  });
  return new Map([...lists].map(([label, list]) => [label, Int32Array.from(list)]));
}

/** Intervals of similarity into which the hits of a query are sorted, so that most others find their place at once. */
const intervals = 4096;

/**
 * What finds the ranks, from 1 and ascending, of the relevant references among all but `self`. Only the relevant ones are
 * sorted; each other one is counted at its place among them.
 */
function createRanker(references: number) {
  if (references > indexRange) throw new RangeError(`more than ${indexRange} references`);
  const isHit = new Uint8Array(references);
  /** How many hits lie in the intervals before each. */
  const hitsBefore = new Int32Array(intervals + 1);

  return function ranksOf(relevant: Int32Array, similarities: Float32Array, self: number): Int32Array {
    const bits = new Uint32Array(similarities.buffer, similarities.byteOffset, similarities.length);
    const keyOf = (reference: number) => orderKey(bits[reference] as number, reference);
    const hits = Float64Array.from(
      relevant.filter((reference) => reference !== self),
      keyOf,
    ).sort();
    const count = hits.length;
    if (count === 0) return noMembers;
    const similarityOf = (place: number) => similarities[(hits[place] as number) % indexRange] as number;
    const [most, least] = [similarityOf(0), similarityOf(count - 1)];
    const scale = most > least ? intervals / (most - least) : 0;
    const intervalOf = (similarity: number) => Math.min(intervals - 1, ((most - similarity) * scale) | 0);
    hitsBefore.fill(0);
    for (let place = 0; place < count; place++) {
      const next = intervalOf(similarityOf(place)) + 1;
      hitsBefore[next] = (hitsBefore[next] as number) + 1;
    }
    for (let i = 1; i <= intervals; i++) hitsBefore[i] = (hitsBefore[i] as number) + (hitsBefore[i - 1] as number);

    for (const reference of relevant) isHit[reference] = 1;
    // How many others come directly before the hit of each place; what comes after all hits is of no interest.
    const before = new Int32Array(count + 1);
    for (let reference = 0; reference < similarities.length; reference++) {
      const similarity = similarities[reference] as number;
      if (similarity < least || isHit[reference] === 1 || reference === self) continue;
      let low = 0;
      if (similarity <= most) {
        const interval = intervalOf(similarity);
        low = hitsBefore[interval] as number;
        let high = hitsBefore[interval + 1] as number;
        const key = low < high ? keyOf(reference) : 0;
        while (low < high) {
          const middle = (low + high) >> 1;
          if ((hits[middle] as number) < key) low = middle + 1;
          else high = middle;
        }
      }
      before[low] = (before[low] as number) + 1;
    }
    for (const reference of relevant) isHit[reference] = 0;
    const ranks = new Int32Array(count);
    for (let i = 0, others = 0; i < count; i++) {
      others += before[i] as number;
      ranks[i] = i + 1 + others;
    }
    return ranks;
  };
}

const indexRange = 2 ** 20;

/**
 * A number that is ordered as the ranking is: the most similar first, of equally similar ones the earlier. An integer of
 * 32 bits of similarity and 20 of the index, which a float64 holds exactly and sorts without a function to compare by.
 *
 * @param pattern the similarity's bits: taken for an integer they rise with positive numbers and fall with negative ones
 */
function orderKey(pattern: number, index: number): number {
  // −0 is 0.
  const falling = pattern === 0x80000000 ? 0x7fffffff : pattern > 0x7fffffff ? pattern : 0x7fffffff - pattern;
  return falling * indexRange + index;
}

import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineEvaluator, type LabelledEmbeddings } from './evaluator.ts';
import { type Matrix, normaliseRows, rowRanges, rowsTensor } from './matrix.ts';

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
  const members = membersOf(references.labels);
  const ranksOf = createRanker(references.unit.rows);
  const sums = { precisionAt1: 0, mrr: 0, rPrecision: 0, mapAtR: 0, map: 0 };
  let scored = 0;
  const all = { from: 0, to: references.unit.rows };
  const transposed = rowsTensor(references.unit, all);
  try {
    const rowsAtATime = Math.max(1, Math.min(chunk, Math.floor(mostSimilarities / all.to)));
    for (const range of rowRanges(queries.unit.rows, rowsAtATime)) {
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

/** In memory at a time. */
const mostSimilarities = 2 ** 24;

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

/**
 * Intervals of similarity between a query's most and least similar hit, into which the references are counted; one more
 * before them and one behind.
 */
const intervals = 1024;

/**
 * What finds the ranks, from 1 and ascending, of the relevant references among all but `self`. Only the relevant ones are
 * sorted; others are compared with those that share their interval. The passes over all references have no branches that
 * depend on similarities, which no processor could foresee.
 */
function createRanker(references: number) {
  if (references > indexRange) throw new RangeError(`more than ${indexRange} references`);
  const isHit = new Uint8Array(references);
  const keys = new Float64Array(references);
  /** References of each interval, hits and all. */
  const counts = new Int32Array(intervals + 2);
  const hitsIn = new Int32Array(intervals + 2);
  const hasHits = new Uint8Array(intervals + 2);
  /** References in intervals that have hits. */
  const contested = new Int32Array(references + 1);

  return function ranksOf(relevant: Int32Array, similarities: Float32Array, self: number): Int32Array {
    const bits = new Uint32Array(similarities.buffer, similarities.byteOffset, similarities.length);
    let count = 0;
    for (const reference of relevant) {
      if (reference !== self) keys[count++] = orderKey(bits[reference] as number, reference);
    }
    if (count === 0) return noMembers;
    const hits = keys.subarray(0, count).sort();
    const most = similarities[(hits[0] as number) % indexRange] as number;
    const least = similarities[(hits[count - 1] as number) % indexRange] as number;
    // The least similar hit falls just short of the last interval's end.
    const scale = most > least ? (intervals * (1 - 1e-6)) / (most - least) : 0;
    hitsIn.fill(0);
    for (let place = 0; place < count; place++) {
      const interval = intervalOf(most - (similarities[(hits[place] as number) % indexRange] as number), scale);
      hitsIn[interval] = (hitsIn[interval] as number) + 1;
    }
    for (let i = 0; i < hasHits.length; i++) hasHits[i] = Math.min(1, hitsIn[i] as number);
    counts.fill(0);
    let contests = 0;
    for (let reference = 0; reference < similarities.length; reference++) {
      const interval = intervalOf(most - (similarities[reference] as number), scale);
      counts[interval] = (counts[interval] as number) + 1;
      contested[contests] = reference;
      contests += hasHits[interval] as number;
    }
    if (self >= 0) {
      const own = intervalOf(most - (similarities[self] as number), scale);
      counts[own] = (counts[own] as number) - 1;
    }

    // How many others come directly before the hit of each place; the last count those behind all hits.
    const before = new Int32Array(count + 1);
    const firstPlace = new Int32Array(intervals + 2);
    for (let i = 0, place = 0; i < counts.length; i++) {
      firstPlace[i] = place;
      if (hasHits[i] === 0) before[place] = (before[place] as number) + (counts[i] as number);
      place += hitsIn[i] as number;
    }
    for (const reference of relevant) isHit[reference] = 1;
    for (let i = 0; i < contests; i++) {
      const reference = contested[i] as number;
      if (isHit[reference] === 1 || reference === self) continue;
      const interval = intervalOf(most - (similarities[reference] as number), scale);
      const key = orderKey(bits[reference] as number, reference);
      let low = firstPlace[interval] as number;
      let high = low + (hitsIn[interval] as number);
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((hits[middle] as number) < key) low = middle + 1;
        else high = middle;
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

/** @param below how much less similar than the most similar hit */
function intervalOf(below: number, scale: number): number {
  return Math.max(0, Math.min(intervals + 1, (below * scale + 1) | 0));
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

import { columnMeans, dot, type Matrix } from '../evaluation/matrix.ts';
import { stream } from '../random.ts';

/** How different texts are from one another. */
export interface Diversity {
  /** Different n-grams of words by all of them, n from 1 to 3 (Li et al. 2016, NAACL; arXiv 1510.03055). */
  readonly distinct: readonly [number, number, number];
  /** Mean over a sample of the BLEU-4 of each text against all others of it (Zhu et al. 2018, SIGIR; arXiv 1802.01886). */
  readonly selfBleu: number;
  /** Texts in that sample. */
  readonly sampled: number;
  /** Mean cosine of the embeddings of two texts. */
  readonly meanCosine: number;
}

/** Texts that self-BLEU compares with one another. */
const sampleSize = 500;

/**
 * @param embeddings of the texts, rows of length 1
 * @param seed draws the sample
 */
export function measureDiversity(texts: readonly string[], embeddings: Matrix, seed: number): Diversity {
  const tokens = texts.map(wordsOf);
  const sample = stream(seed, 'synthesis', 'self-BLEU').shuffle(tokens).slice(0, sampleSize);
  return {
    distinct: [distinctN(tokens, 1), distinctN(tokens, 2), distinctN(tokens, 3)],
    selfBleu: selfBleu4(sample),
    sampled: sample.length,
    meanCosine: meanPairwiseCosine(embeddings),
  };
}

/** Words in lower case; an apostrophe within a word belongs to it, other punctuation to none. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu) ?? [];
}

/** Different n-grams by all of them; 0 without any. */
export function distinctN(texts: readonly (readonly string[])[], n: number): number {
  const all = texts.flatMap((words) => nGrams(words, n));
  return all.length === 0 ? 0 : new Set(all).size / all.length;
}

function nGrams(words: readonly string[], n: number): string[] {
  return Array.from({ length: Math.max(0, words.length - n + 1) }, (_, i) => words.slice(i, i + n).join(' '));
}

/** Stands in for a count of 0 (method 1 of Chen & Cherry 2014, WMT). */
const epsilon = 0.1;

/**
 * Mean BLEU-4 of each text against all others; 0 for fewer than two texts. BLEU is that of Papineni et al. (2002, ACL), with
 * the closest length of a reference, the shorter one of two, and epsilon for n-grams that are nowhere else.
 */
export function selfBleu4(texts: readonly (readonly string[])[]): number {
  if (texts.length < 2) return 0;
  const orders = [1, 2, 3, 4].map((n) => {
    const counts = texts.map((words) => countsOf(nGrams(words, n)));
    return { counts, mostElsewhere: mostElsewhere(counts) };
  });
  const lengths = texts.map((words) => words.length);
  const scores = texts.map((words, i) => {
    if (words.length === 0) return 0;
    let logSum = 0;
    for (const [order, { counts, mostElsewhere: most }] of orders.entries()) {
      let matched = 0;
      let total = 0;
      for (const [gram, count] of counts[i] as Map<string, number>) {
        matched += Math.min(count, most(gram, i));
        total += count;
      }
      if (order === 0 && matched === 0) return 0;
      logSum += Math.log((matched || epsilon) / Math.max(1, total)) / orders.length;
    }
    return brevityPenalty(words.length, lengths, i) * Math.exp(logSum);
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function countsOf(grams: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  return counts;
}

/** How often an n-gram is in the text other than `own` that has it most often: the two greatest counts suffice. */
function mostElsewhere(counts: readonly ReadonlyMap<string, number>[]): (gram: string, own: number) => number {
  const best = new Map<string, { first: number; owner: number; second: number }>();
  for (const [owner, grams] of counts.entries()) {
    for (const [gram, count] of grams) {
      const known = best.get(gram);
      if (!known) best.set(gram, { first: count, owner, second: 0 });
      else if (count > known.first) best.set(gram, { first: count, owner, second: known.first });
      else known.second = Math.max(known.second, count);
    }
  }
  return (gram, own) => {
    const known = best.get(gram);
    if (!known) return 0;
    return known.owner === own ? known.second : known.first;
  };
}

function brevityPenalty(length: number, lengths: readonly number[], own: number): number {
  let closest = Number.POSITIVE_INFINITY;
  for (const [i, other] of lengths.entries()) {
    if (i === own) continue;
    const isCloser = Math.abs(other - length) - Math.abs(closest - length);
    if (isCloser < 0 || (isCloser === 0 && other < closest)) closest = other;
  }
  return length > closest ? 1 : Math.exp(1 - closest / length);
}

/** Mean cosine over all pairs of rows of length 1; 0 for fewer than two. By the length of their sum, without the pairs. */
export function meanPairwiseCosine(matrix: Matrix): number {
  const { rows } = matrix;
  if (rows < 2) return 0;
  const means = columnMeans(matrix);
  return (rows * dot(means, means) - 1) / (rows - 1);
}

import * as tf from '@tensorflow/tfjs-core';
import { fusedOpsAreCurrent, runFusedOp } from '../engine/native/fusedOps.ts';

/** Rows of similarities and what they belong to. */
export interface RankedQueries {
  /** Label of each row. */
  readonly labels: Int32Array;
  /** The reference that the first row is itself, the next ones following; -1: queries are not among the references. */
  readonly firstSelf: number;
}

/**
 * For each query the ranks, from 1 and ascending, of the references of its label among all references but itself. The most
 * similar comes first, of equally similar ones the earlier, as in a stable sort.
 *
 * @param similarities [queries, references], all finite
 * @param labels of the references
 */
export async function relevantRanks(
  similarities: tf.Tensor2D,
  queries: RankedQueries,
  labels: Int32Array,
): Promise<Int32Array[]> {
  const sizes = new Map<number, number>();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const excludesSelf = queries.firstSelf >= 0;
  const counts = Array.from(queries.labels, (label) => Math.max(0, (sizes.get(label) ?? 0) - Number(excludesSelf)));
  const compute = fusedOpsAreCurrent() ? fusedRanks : plainRanks;
  const ranks = await compute(similarities, queries, labels, counts);
  let end = 0;
  return counts.map((count) => {
    end += count;
    return ranks.subarray(end - count, end);
  });
}

async function fusedRanks(
  similarities: tf.Tensor2D,
  { labels: own, firstSelf }: RankedQueries,
  labels: Int32Array,
  counts: readonly number[],
): Promise<Int32Array> {
  const queries = counts.flatMap((count, i) => [own[i] as number, firstSelf < 0 ? -1 : firstSelf + i, count]);
  const inputs = [tf.tensor1d(queries, 'int32'), tf.tensor1d(labels, 'int32')];
  const [ranks] = runFusedOp('ContrafitRelevantRanks', [], [similarities, ...inputs], 1) as [tf.Tensor];
  const values = (await ranks.data()) as Int32Array;
  tf.dispose([...inputs, ranks]);
  return values;
}

/** Only the relevant references are sorted; each other one is counted at its place among them. */
async function plainRanks(
  similarities: tf.Tensor2D,
  { labels: own, firstSelf }: RankedQueries,
  labels: Int32Array,
  counts: readonly number[],
): Promise<Int32Array> {
  if (labels.length > indexRange) throw new RangeError(`more than ${indexRange} references`);
  const values = (await similarities.data()) as Float32Array;
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const ranks = new Int32Array(counts.reduce((sum, count) => sum + count, 0));
  let from = 0;
  for (const [query, count] of counts.entries()) {
    const row = bits.subarray(query * labels.length, (query + 1) * labels.length);
    const self = firstSelf < 0 ? -1 : firstSelf + query;
    const isHit = (reference: number) => labels[reference] === own[query] && reference !== self;
    const hits = new Float64Array(count);
    let found = 0;
    for (let i = 0; i < row.length; i++) if (isHit(i)) hits[found++] = orderKey(row[i] as number, i);
    hits.sort();
    const before = new Int32Array(count + 1);
    for (let i = 0; i < row.length; i++) {
      if (i === self || isHit(i)) continue;
      const place = placeOf(orderKey(row[i] as number, i), hits);
      before[place] = (before[place] as number) + 1;
    }
    for (let i = 0, others = 0; i < count; i++) {
      others += before[i] as number;
      ranks[from + i] = i + 1 + others;
    }
    from += count;
  }
  return ranks;
}

/** How many of the ascending keys are less. */
function placeOf(key: number, keys: Float64Array): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
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

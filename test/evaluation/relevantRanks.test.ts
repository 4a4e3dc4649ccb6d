import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { relevantRanks } from '../../src/evaluation/relevantRanks.ts';
import { stream } from '../../src/random.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';

/** The whole ranking of each query, sorted by comparing. */
function naive(rows: readonly number[][], own: readonly number[], firstSelf: number, labels: readonly number[]) {
  return rows.map((row, query) => {
    const self = firstSelf < 0 ? -1 : firstSelf + query;
    return row
      .map((similarity, reference) => ({ similarity, reference }))
      .filter(({ reference }) => reference !== self)
      .sort((a, b) => b.similarity - a.similarity || a.reference - b.reference)
      .flatMap(({ reference }, place) => (labels[reference] === own[query] ? [place + 1] : []));
  });
}

async function ranksOf(
  rows: readonly number[][],
  own: readonly number[],
  firstSelf: number,
  labels: readonly number[],
) {
  const similarities = tf.tensor2d(rows.flat(), [rows.length, labels.length]);
  const queries = { labels: Int32Array.from(own), firstSelf };
  const ranks = await relevantRanks(similarities, queries, Int32Array.from(labels));
  similarities.dispose();
  return ranks.map((ranked) => [...ranked]);
}

onEachEngine('relevantRanks', () => {
  // Few different values, so that many are equal; −0 is 0.
  const similarity = fc.constantFrom(-1, -0.5, -1e-30, -0, 0, 1e-30, 0.25, 0.5, 1);
  const label = fc.integer({ min: 0, max: 3 });

  it('agrees with whole rankings where many are equally similar', async () => {
    const cases = fc
      .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 7 }))
      .chain(([references, queries]) =>
        fc.record({
          rows: fc.array(fc.array(similarity, { minLength: references, maxLength: references }), {
            minLength: queries,
            maxLength: queries,
          }),
          own: fc.array(label, { minLength: queries, maxLength: queries }),
          labels: fc.array(label, { minLength: references, maxLength: references }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, own, labels }) => {
        expect(await ranksOf(rows, own, -1, labels)).toEqual(naive(rows, own, -1, labels));
      }),
    );
  });

  it.each([
    [1500, 1],
    [1500, 3],
    [1500, 400],
    [40, 2],
  ])('agrees with them on %i references of %i classes, each query left out', async (references, classes) => {
    const random = stream(7, 'ranks', references, classes);
    const labels = Array.from({ length: references }, () => random.integer(classes));
    const firstSelf = references - 9;
    const rows = Array.from({ length: 9 }, () =>
      Array.from({ length: references }, () => Math.fround(Math.tanh(random.normal()))),
    );
    const own = labels.slice(firstSelf);
    expect(await ranksOf(rows, own, firstSelf, labels)).toEqual(naive(rows, own, firstSelf, labels));
  });

  it('leaves no tensor behind', async () => {
    expect(await leakedTensorsOf(() => ranksOf([[0.1, 0.2, 0.3]], [1], 0, [1, 1, 0]))).toBe(0);
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type RetrievalScores, retrieval, retrieveFrom, retrieveOthers } from '../../src/evaluation/retrieval.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import { matrixOf } from './matrices.ts';

/** Angles as points on a circle: the smaller the difference, the more similar. */
const onCircle = (angles: readonly number[]) => matrixOf(angles.map((angle) => [Math.cos(angle), Math.sin(angle)]));

onEachEngine('retrieval', () => {
  it('gives the values of pytorch-metric-learning’s definitions', async () => {
    // Distances on a line become angles.
    const points = [0, 1, 2.1, 3.3, 4.6, 6, 7.5].map((x) => x / 10);
    const scores = await retrieveOthers(onCircle(points), Int32Array.of(0, 0, 1, 0, 1, 1, 2), 1024);
    expect(scores.precisionAt1).toBeCloseTo(0.5, 6);
    expect(scores.mrr).toBeCloseTo(0.680556, 6);
    expect(scores.rPrecision).toBeCloseTo(1 / 3, 6);
    expect(scores.mapAtR).toBeCloseTo(0.291667, 6);
    expect(scores.map).toBeCloseTo(0.615278, 6);
    expect(scores.withoutRelevant).toBe(1);
  });

  // Sixths of a right angle, so that many pairs are equally similar, whatever is rounded.
  const angle = fc.integer({ min: 0, max: 6 });
  const labelled = fc.array(fc.tuple(angle, fc.integer({ min: 0, max: 2 })), { minLength: 1, maxLength: 14 });

  it('agrees with whole rankings, sorted one by one, also where similarities are equal', async () => {
    await fc.assert(
      fc.asyncProperty(labelled, fc.integer({ min: 1, max: 5 }), async (items, chunk) => {
        const similarity = (i: number, j: number) => -Math.abs((items[i]?.[0] ?? 0) - (items[j]?.[0] ?? 0));
        const embeddings = onGrid(items.map(([place]) => place));
        const labels = Int32Array.from(items, ([, label]) => label);
        const scores = await retrieveOthers(embeddings, labels, chunk);
        const rankings = items.map((_, i) =>
          items
            .map((_, j) => j)
            .filter((j) => j !== i)
            .sort((a, b) => similarity(i, b) - similarity(i, a) || a - b)
            .map((j) => labels[j] === labels[i]),
        );
        expectScores(scores, rankings);
      }),
      { numRuns: 60 },
    );
  });

  it('agrees with them for queries against other references', async () => {
    await fc.assert(
      fc.asyncProperty(labelled, labelled, async (queries, references) => {
        const side = (items: readonly (readonly [number, number])[]) => ({
          embeddings: onGrid(items.map(([place]) => place)),
          labels: Int32Array.from(items, ([, label]) => label),
        });
        const scores = await retrieveFrom(side(queries), side(references), 4);
        const rankings = queries.map(([place, label]) =>
          references
            .map(([other, itsLabel], j) => ({ distance: Math.abs(place - other), hit: itsLabel === label, j }))
            .sort((a, b) => a.distance - b.distance || a.j - b.j)
            .map(({ hit }) => hit),
        );
        expectScores(scores, rankings);
      }),
      { numRuns: 60 },
    );
  });

  it('searches training texts where that is asked for', async () => {
    const side = (places: number[]) => ({ embeddings: onGrid(places), labels: Int32Array.from(places, (p) => p % 2) });
    const [train, test] = [side([0, 1, 2, 3, 4, 5, 6]), side([1, 3, 4])];
    const context = { train, test, original: { test: test.embeddings }, seed: 1 };
    const found = await retrieval.evaluate(context, retrieval.schema.parse({ among: 'train' }));
    expect(found).toEqual(await retrieveFrom(test, train, 1024));
    expect(found).not.toEqual(await retrieval.evaluate(context, retrieval.schema.parse({})));
  });

  it('leaves no tensor behind', async () => {
    const embeddings = onCircle([0, 0.1, 0.2, 0.3]);
    expect(await leakedTensorsOf(() => retrieveOthers(embeddings, Int32Array.of(0, 1, 0, 1), 2))).toBe(0);
  });
});

/**
 * Points whose similarities are equal to the bit where their places are equally far apart: each place p is the vector
 * of min(p, q) … as unit steps, so that products are sums of small integers.
 */
function onGrid(places: readonly number[]) {
  // Row p has ones at p … p + 6: products count common places, 7 − |p − q|, and all rows are equally long.
  return matrixOf(places.map((place) => Array.from({ length: 13 }, (_, j) => Number(j >= place && j < place + 7))));
}

/** @param rankings of each query: which references are relevant, the nearest first */
function expectScores(scores: RetrievalScores, rankings: readonly (readonly boolean[])[]): void {
  const scored = rankings.filter((ranking) => ranking.includes(true));
  const mean = (score: (ranking: readonly boolean[], relevant: number) => number) =>
    scored.length === 0
      ? 0
      : scored.reduce((sum, ranking) => sum + score(ranking, ranking.filter(Boolean).length), 0) / scored.length;
  const precisionAt = (ranking: readonly boolean[], k: number) => ranking.slice(0, k).filter(Boolean).length / k;
  const averagePrecision = (ranking: readonly boolean[], relevant: number, upTo: number) =>
    ranking.slice(0, upTo).reduce((sum, hit, i) => sum + (hit ? precisionAt(ranking, i + 1) : 0), 0) / relevant;
  expect(scores.precisionAt1).toBeCloseTo(
    mean((ranking) => precisionAt(ranking, 1)),
    9,
  );
  expect(scores.mrr).toBeCloseTo(
    mean((ranking) => 1 / (ranking.indexOf(true) + 1)),
    9,
  );
  expect(scores.rPrecision).toBeCloseTo(
    mean((ranking, relevant) => precisionAt(ranking, relevant)),
    9,
  );
  expect(scores.mapAtR).toBeCloseTo(
    mean((ranking, relevant) => averagePrecision(ranking, relevant, relevant)),
    9,
  );
  expect(scores.map).toBeCloseTo(
    mean((ranking, relevant) => averagePrecision(ranking, relevant, ranking.length)),
    9,
  );
  expect(scores.withoutRelevant).toBe(rankings.length - scored.length);
}

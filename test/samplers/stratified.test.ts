import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stratified } from '../../samplers/stratified.ts';
import { UserError } from '../../src/errors.ts';
import { corpusOf, goEmotions, labelCounts } from './labelDistributions.ts';

function create(counts: readonly number[], batchSize: number, seed = 1) {
  const { labels, labelNames } = corpusOf(counts);
  return { labels, sampler: stratified.create(labels, { kind: 'stratified', batchSize }, seed, labelNames) };
}

function problemsOf(counts: readonly number[], batchSize: number) {
  try {
    create(counts, batchSize);
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}

const drawnCounts = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 2, maxLength: 16 });
const drawnBatchSize = fc.integer({ min: 4, max: 64 });

describe('batches', () => {
  test('hold each label in its proportion, rounded down or up', () => {
    fc.assert(
      fc.property(drawnCounts, drawnBatchSize, (counts, batchSize) => {
        fc.pre(problemsOf(counts, batchSize).length === 0);
        expectProportional(counts, batchSize);
      }),
      { numRuns: 300 },
    );
    expectProportional(goEmotions, 64);
  });

  test('are equal in size to within one item, and use every item once', () => {
    fc.assert(
      fc.property(drawnCounts, drawnBatchSize, (counts, batchSize) => {
        fc.pre(problemsOf(counts, batchSize).length === 0);
        const { sampler, labels } = create(counts, batchSize);
        const epoch = sampler.epoch(1);
        const sizes = epoch.map((batch) => batch.length);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(batchSize);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(epoch.flatMap((batch) => [...batch]).toSorted((a, b) => a - b)).toEqual([...labels.keys()]);
      }),
      { numRuns: 300 },
    );
  });

  test('where batchSize divides the items, are those that the largest remainder method could choose', () => {
    // Shares of a batch of 10: 5, 3.4, 1.6. Rounded down they sum to 9, so one of the fractions is rounded up.
    const { sampler, labels } = create([50, 34, 16], 10);
    const compositions = sampler
      .epoch(0)
      .map((batch) => [0, 1, 2].map((label) => labelCounts(batch, labels).get(label)));
    expect(compositions.filter((c) => `${c}` === '5,4,1')).toHaveLength(4);
    expect(compositions.filter((c) => `${c}` === '5,3,2')).toHaveLength(6);
  });
});

describe('at the bound of what can be met', () => {
  test.each([
    { counts: [5, 91, 6], batchSize: 11, bound: '11 items outside the largest label for 10 batches' },
    { counts: [15, 5, 15, 4, 1], batchSize: 4, bound: '10 items beyond one in each of 10 batches' },
  ])('every batch has two labels and a positive pair: $bound', ({ counts, batchSize }) => {
    const { sampler, labels } = create(counts, batchSize);
    expect(sampler.batchesPerEpoch).toBe(10);
    for (const batch of [0, 1, 2, 3].flatMap((n) => sampler.epoch(n))) {
      const held = labelCounts(batch, labels);
      expect(held.size).toBeGreaterThanOrEqual(2);
      expect(Math.max(...held.values())).toBeGreaterThanOrEqual(2);
    }
  });
});

describe('options that cannot be met', () => {
  test('fewer other items than batches', () => {
    expect(problemsOf([97, 2, 1], 8)).toEqual([
      {
        code: 'SAMPLER_ONE_LABEL_PER_BATCH',
        given: '3 of 100 items lie outside the largest label, for 13 batches of up to 8',
        expected: 'one for each batch at least, since the loss needs negatives',
        remedy: 'Raise batchSize to 34.',
      },
    ]);
  });

  test('more labels than places', () => {
    const problems = problemsOf(new Array(28).fill(50), 28);
    expect(problems.map(({ code, remedy }) => [code, remedy])).toEqual([
      ['SAMPLER_NO_POSITIVES', 'Raise batchSize to 30.'],
    ]);
  });

  test('the remedy works and is the smallest that does', () => {
    let followed = 0;
    const skewed = fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 100, max: 400 })), {
      minLength: 2,
      maxLength: 30,
    });
    fc.assert(
      fc.property(skewed, fc.integer({ min: 4, max: 24 }), (counts, batchSize) => {
        for (const { remedy } of problemsOf(counts, batchSize)) {
          const raised = Number(remedy.match(/^Raise batchSize to (\d+)\.$/)?.[1] ?? Number.NaN);
          if (Number.isNaN(raised)) continue;
          followed++;
          expect(problemsOf(counts, raised)).toEqual([]);
          if (raised - 1 > batchSize) expect(problemsOf(counts, raised - 1)).not.toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
    expect(followed).toBeGreaterThan(30);
  });
});

function expectProportional(counts: readonly number[], batchSize: number): void {
  const { sampler, labels } = create(counts, batchSize);
  for (const batch of sampler.epoch(0)) {
    const held = labelCounts(batch, labels);
    for (const [label, count] of counts.entries()) {
      const share = count / sampler.batchesPerEpoch;
      expect([Math.floor(share), Math.ceil(share)]).toContain(held.get(label) ?? 0);
    }
  }
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { mPerClass } from '../../samplers/mPerClass.ts';
import { UserError } from '../../src/errors.ts';
import { corpusOf, goEmotions, labelCounts } from './labelDistributions.ts';

type Options = z.output<typeof mPerClass.schema>;

function create(counts: readonly number[], options: Omit<z.input<typeof mPerClass.schema>, 'kind'>, seed = 1) {
  const { labels, labelNames } = corpusOf(counts);
  return {
    labels,
    sampler: mPerClass.create(labels, mPerClass.schema.parse({ kind: 'mPerClass', ...options }), seed, labelNames),
  };
}

function problemsOf(counts: readonly number[], options: Omit<z.input<typeof mPerClass.schema>, 'kind'>) {
  try {
    create(counts, options);
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}

describe('batches', () => {
  test('hold m items of each of batchSize / m labels', () => {
    const { sampler, labels } = create(goEmotions, { batchSize: 64, m: 4 });
    for (const batch of sampler.epoch(0)) {
      const counts = labelCounts(batch, labels);
      expect(counts.size).toBe(16);
      expect(new Set(counts.values())).toEqual(new Set([4]));
    }
  });

  test('draw all labels equally often, to within one batch, over any number of epochs', () => {
    const { sampler, labels } = create(goEmotions, { batchSize: 64, m: 4 });
    const batches = [0, 1, 2].flatMap((n) => sampler.epoch(n));
    const drawn = goEmotions.map((_, label) => batches.filter((batch) => labelCounts(batch, labels).has(label)).length);
    expect(Math.max(...drawn) - Math.min(...drawn)).toBeLessThanOrEqual(1);
  });

  test('draw no item again before all of its label were drawn, also across epochs', () => {
    const { sampler, labels } = create([7, 20, 33], { batchSize: 6, m: 3 });
    const times = new Array<number>(labels.length).fill(0);
    for (const batch of [0, 1, 2, 3].flatMap((n) => sampler.epoch(n))) {
      for (const item of batch) times[item] = (times[item] ?? 0) + 1;
      for (const label of [0, 1, 2]) {
        const ofLabel = times.filter((_, item) => labels[item] === label);
        expect(Math.max(...ofLabel) - Math.min(...ofLabel)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('coverage says how much an epoch reaches and how many it takes to reach all', () => {
    // 6 batches give each label 6 hands of 4: all 8 items of the one label, 24 of the 40 of the other.
    const { sampler } = create([40, 8], { batchSize: 8, m: 4 });
    expect(sampler.batchesPerEpoch).toBe(6);
    expect(sampler.coverage).toEqual({ items: 48, perEpoch: 32, dropped: 0, droppedLabels: [], epochsToCover: 2 });
  });

  test('an epoch draws as many items as there are, rounded up to whole batches', () => {
    const { sampler } = create(goEmotions, { batchSize: 64, m: 4 });
    expect(sampler.batchesPerEpoch).toBe(Math.ceil(36308 / 64));
  });
});

describe('small classes', () => {
  const counts = [10, 10, 3, 1];

  test('repeat: each item of a small class ⌊m / items⌋ or ⌈m / items⌉ times', () => {
    const { sampler, labels } = create(counts, { batchSize: 20, m: 5, smallClasses: 'repeat' });
    expect(sampler.coverage).toMatchObject({ items: 24, dropped: 0, droppedLabels: [] });
    for (const batch of sampler.epoch(0)) {
      const times = (label: number) =>
        [...labels.keys()]
          .filter((i) => labels[i] === label)
          .map((item) => batch.filter((drawn) => drawn === item).length);
      expect(times(2).toSorted()).toEqual([1, 2, 2]);
      expect(times(3)).toEqual([5]);
      expect(Math.max(...times(0), ...times(1))).toBe(1);
    }
  });

  test('drop: left out, counted and named', () => {
    const { sampler, labels } = create(counts, { batchSize: 10, m: 5, smallClasses: 'drop' });
    expect(sampler.coverage).toMatchObject({
      items: 24,
      perEpoch: 20,
      dropped: 4,
      droppedLabels: ['label2', 'label3'],
    });
    for (const batch of sampler.epoch(0)) expect([...labelCounts(batch, labels).keys()].toSorted()).toEqual([0, 1]);
  });

  test('shrink: all the items it has', () => {
    const { sampler, labels } = create(counts, { batchSize: 20, m: 5, smallClasses: 'shrink' });
    for (const batch of sampler.epoch(0)) {
      expect([...labelCounts(batch, labels)].toSorted(([a], [b]) => a - b)).toEqual([
        [0, 5],
        [1, 5],
        [2, 3],
        [3, 1],
      ]);
    }
  });
});

describe('options that cannot be met', () => {
  test('too few labels: the example of the guide, with remedies that work', () => {
    expect(problemsOf([40, 40, 40, 40, 40], { batchSize: 64, m: 8 })).toEqual([
      {
        code: 'SAMPLER_TOO_FEW_LABELS',
        given: 'the training split has 5 labels',
        expected: '8 for batchSize 64 with m 8',
        remedy: 'Lower batchSize to 40 or raise m to 16.',
      },
    ]);
  });

  test('a batch that is no multiple of m', () => {
    expect(problemsOf(goEmotions, { batchSize: 60, m: 8 })).toEqual([
      {
        code: 'SAMPLER_BATCH_NOT_MULTIPLE',
        given: 'batchSize 60 with m 8',
        expected: 'batchSize to be a multiple of m',
        remedy: 'Lower batchSize to 56 or raise batchSize to 64 or lower m to 6 or raise m to 10.',
      },
    ]);
  });

  test('all reasons at once', () => {
    const codes = problemsOf([9], { batchSize: 6, m: 4 }).map(({ code }) => code);
    expect(codes).toEqual(['SAMPLER_BATCH_NOT_MULTIPLE', 'SAMPLER_ONE_LABEL_PER_BATCH', 'SAMPLER_TOO_FEW_LABELS']);
  });

  test('batches that single items could fill, under shrink', () => {
    const problems = problemsOf([1, 1, 8, 8], { batchSize: 8, m: 4, smallClasses: 'shrink' });
    expect(problems.map(({ code }) => code)).toEqual(['SAMPLER_NO_POSITIVES']);
    expect(problems[0]?.remedy).toBe("Raise batchSize to 12 or lower m to 2 or set smallClasses to 'repeat'.");
  });

  test('small classes dropped until too few are left', () => {
    const [problem] = problemsOf([3, 3, 3, 9], { batchSize: 16, m: 4, smallClasses: 'drop' });
    expect(problem).toMatchObject({
      code: 'SAMPLER_TOO_FEW_LABELS',
      given: 'the training split has 1 label with 4 items or more',
    });
    expect(problem?.remedy).toBe("Set smallClasses to 'repeat'.");
  });

  test('no single change helps: the smallest setting that does', () => {
    const [problem] = problemsOf([3, 3, 3], { batchSize: 63, m: 9, smallClasses: 'drop' });
    expect(problem?.remedy).toBe("Set batchSize to 4, m to 2 and smallClasses to 'repeat'.");
  });

  test('every remedy works, whatever the labels and options', () => {
    const drawnOptions = fc.record({
      batchSize: fc.integer({ min: 4, max: 80 }),
      m: fc.integer({ min: 2, max: 20 }),
      smallClasses: fc.constantFrom('repeat' as const, 'drop' as const, 'shrink' as const),
    });
    const drawnCounts = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 10 });
    let followed = 0;
    fc.assert(
      fc.property(drawnCounts, drawnOptions, (counts, options) => {
        for (const { remedy } of problemsOf(counts, options)) {
          for (const change of changesOf(remedy)) {
            expect(problemsOf(counts, { ...options, ...change }), remedy).toEqual([]);
            followed++;
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(followed).toBeGreaterThan(500);
  });
});

/** The changes that a remedy offers, read as a user would read it; none where only other data help. */
function changesOf(remedy: string): Partial<Options>[] {
  return remedy
    .replace(/\.$/, '')
    .split(' or ')
    .filter((clause) => /\bto\b/.test(clause))
    .map((clause) => {
      const numbers = [...clause.matchAll(/(batchSize|m) to (\d+)/g)].map(([, name, value]) => [name, Number(value)]);
      const policy = clause.match(/smallClasses to '(\w+)'/)?.[1];
      return { ...Object.fromEntries(numbers), ...(policy && { smallClasses: policy }) };
    });
}

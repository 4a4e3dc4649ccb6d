import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { createSampler, type SamplerConfig, samplerSchema, samplers } from '../../samplers/index.ts';
import type { Sampler } from '../../samplers/sampler.ts';
import { UserError } from '../../src/errors.ts';
import { corpusOf, goEmotions, labelCounts } from './labelDistributions.ts';

type Kind = keyof typeof samplers;
type Options<K extends Kind> = Omit<z.input<(typeof samplers)[K]['schema']>, 'kind'>;

/** Options to draw for each registered sampler: a new sampler adds its line. */
const drawnOptions: { [K in Kind]: fc.Arbitrary<Options<K>> } = {
  mPerClass: fc
    .record({
      m: fc.integer({ min: 2, max: 6 }),
      labelsPerBatch: fc.integer({ min: 2, max: 6 }),
      smallClasses: fc.constantFrom('repeat', 'drop', 'shrink'),
    })
    .map(({ m, labelsPerBatch, smallClasses }) => ({ batchSize: m * labelsPerBatch, m, smallClasses })),
  stratified: fc.record({ batchSize: fc.integer({ min: 4, max: 48 }) }),
  shuffled: fc.record({ batchSize: fc.integer({ min: 1, max: 48 }) }),
};

/** For losses that do not compare the items of a batch: neither negatives nor positives are promised. */
const withoutPairs: readonly Kind[] = ['shuffled'];

/** Label counts of many shapes: even, skewed, with labels of one item and labels of none. */
const drawnCounts = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 14 }),
  fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 30 }),
  fc
    .record({ labels: fc.integer({ min: 2, max: 20 }), largest: fc.integer({ min: 2, max: 200 }) })
    .map(({ labels, largest }) => Array.from({ length: labels }, (_, i) => Math.ceil(largest / (i + 1)))),
);

const runs = 300;

for (const kind of Object.keys(samplers) as Kind[]) {
  describe(kind, () => {
    const configs = drawnOptions[kind].map((options) => samplerSchema.parse({ kind, ...options }));

    test('keeps its promises on any label distribution', () => {
      let met = 0;
      fc.assert(
        fc.property(drawnCounts, configs, fc.integer({ min: 0, max: 1000 }), (counts, config, seed) => {
          const sampler = createOrRefuse(config, counts, seed);
          if (sampler) {
            met++;
            expectPromisesKept(sampler, config, counts, seed);
          }
        }),
        { numRuns: runs },
      );
      expect(met, 'drawn options that could be met').toBeGreaterThan(runs / 5);
    });

    test("keeps its promises on GoEmotions' own distribution", () => {
      const config = samplerSchema.parse({ kind, batchSize: 64 });
      expectPromisesKept(create(config, goEmotions, 1), config, goEmotions, 1);
    });

    test('gives other batches in another epoch and with another seed', () => {
      const config = samplerSchema.parse({ kind, batchSize: 16 });
      const counts = [40, 30, 20, 10, 10];
      const epochs = [
        create(config, counts, 1).epoch(0),
        create(config, counts, 1).epoch(1),
        create(config, counts, 2).epoch(0),
      ];
      expect(new Set(epochs.map((epoch) => JSON.stringify(epoch.map((batch) => [...batch].sort()))))).toHaveLength(3);
    });

    if (withoutPairs.includes(kind)) return;

    test('names every reason with a remedy when there is only one label', () => {
      const error = refusal(samplerSchema.parse({ kind, batchSize: 16 }), [30]);
      expect(error.problems.length).toBeGreaterThan(0);
      for (const { code, remedy } of error.problems) {
        expect(code).toMatch(/^SAMPLER_[A-Z_]+$/);
        expect(remedy).toMatch(/^[A-Z].*two labels or more.*\.$/);
      }
    });
  });
}

function create(config: SamplerConfig, counts: readonly number[], seed: number): Sampler {
  const { labels, labelNames } = corpusOf(counts);
  return createSampler(config, labels, seed, labelNames);
}

function refusal(config: SamplerConfig, counts: readonly number[]): UserError {
  try {
    create(config, counts, 1);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(config)} was accepted`);
}

/** Options that cannot be met are refused in full, by a user error and nothing else. */
function createOrRefuse(config: SamplerConfig, counts: readonly number[], seed: number): Sampler | undefined {
  try {
    return create(config, counts, seed);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function expectPromisesKept(sampler: Sampler, config: SamplerConfig, counts: readonly number[], seed: number): void {
  const { labels } = corpusOf(counts);
  const { coverage } = sampler;
  const small = 'm' in config ? config.m : 0;
  const mayRepeat = 'smallClasses' in config && config.smallClasses === 'repeat';
  const drawn = new Map<number, number>();

  for (let n = 0; n < coverage.epochsToCover; n++) {
    const epoch = sampler.epoch(n);
    expect(epoch.length).toBe(sampler.batchesPerEpoch);
    for (const batch of epoch) {
      const held = labelCounts(batch, labels);
      expect(held.has(Number.NaN), 'an index outside the training split').toBe(false);
      if (!withoutPairs.includes(config.kind)) {
        expect(held.size, 'labels in a batch').toBeGreaterThanOrEqual(2);
        expect(Math.max(...held.values()), 'items of the most frequent label').toBeGreaterThanOrEqual(2);
      }
      expect(batch.length).toBeLessThanOrEqual(config.batchSize);
      const times = new Map<number, number>();
      for (const item of batch) times.set(item, (times.get(item) ?? 0) + 1);
      for (const [item, count] of times) {
        if (count > 1) expect(mayRepeat && (counts[labels[item] ?? -1] ?? 0) < small, `item ${item} twice`).toBe(true);
        drawn.set(item, (drawn.get(item) ?? 0) + count);
      }
    }
    if (n === 0) expect(drawn.size, 'distinct items in the first epoch').toBe(coverage.perEpoch);
  }
  expect(coverage.items).toBe(labels.length);
  expect(drawn.size, 'items reached within epochsToCover').toBe(labels.length - coverage.dropped);

  const again = create(config, counts, seed);
  for (const n of [3, 0, 1]) expect(again.epoch(n)).toEqual(sampler.epoch(n));
}

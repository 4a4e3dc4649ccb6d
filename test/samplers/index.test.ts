import { expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import { createSampler, samplerSchema, samplers } from '../../samplers/index.ts';
import { corpusOf } from './labelDistributions.ts';

test('a sampler is registered under the kind that its schema names', () => {
  for (const [name, { schema }] of Object.entries(samplers)) expect(schema.shape.kind.value).toBe(name);
});

test('defaults are filled in, and unknown options and kinds refused', () => {
  expect(samplerSchema.parse({ kind: 'mPerClass' })).toEqual({
    kind: 'mPerClass',
    batchSize: 64,
    m: 4,
    smallClasses: 'repeat',
  });
  expect(samplerSchema.parse({ kind: 'stratified' })).toEqual({ kind: 'stratified', batchSize: 64 });
  expect(samplerSchema.safeParse({ kind: 'stratified', m: 4 }).success).toBe(false);
  expect(samplerSchema.safeParse({ kind: 'random' }).success).toBe(false);
});

test('makes the sampler that the configuration names', () => {
  const { labels, labelNames } = corpusOf([8, 8]);
  const even = createSampler(samplerSchema.parse({ kind: 'stratified', batchSize: 8 }), labels, 1, labelNames);
  expect(even).toMatchObject({ batchesPerEpoch: 2, coverage: { items: 16, perEpoch: 16 } });
});

test('the compiler knows the options of each kind', () => {
  type Input = z.input<typeof samplerSchema>;
  expectTypeOf<Extract<Input, { kind: 'mPerClass' }>>().toEqualTypeOf<{
    kind: 'mPerClass';
    batchSize?: number | undefined;
    m?: number | undefined;
    smallClasses?: 'repeat' | 'drop' | 'shrink' | undefined;
  }>();
});

import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvaluator } from '../../src/evaluation/evaluator.ts';

it('is compiled only if the primary metric is among those returned', () => {
  const schema = z.strictObject({ k: z.int().default(1) });
  const evaluate = async () => ({ cka: 1 });
  expect(defineEvaluator({ schema, primary: 'cka', evaluate })).toBeDefined();
  // @ts-expect-error: evaluate returns no such metric
  expect(defineEvaluator({ schema, primary: 'ami', evaluate })).toBeDefined();
});

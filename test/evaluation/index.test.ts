import { describe, expect, it } from 'vitest';
import type { EvaluationContext } from '../../src/evaluation/evaluator.ts';
import { evaluate, evaluationSchema, evaluators } from '../../src/evaluation/index.ts';
import type { Matrix } from '../../src/evaluation/matrix.ts';
import { onEachEngine } from '../engine/engines.ts';
import { mapValues, randomMatrix } from './matrices.ts';

function contextOf(test: Matrix): EvaluationContext {
  const labels = Int32Array.from({ length: test.rows }, (_, i) => i % 2);
  return {
    train: { embeddings: test, labels },
    test: { embeddings: test, labels },
    original: { test: randomMatrix(test.rows, test.columns, 1) },
    seed: 1,
  };
}

describe('evaluationSchema', () => {
  it('fills in every evaluator', () => {
    const options = evaluationSchema.parse({});
    expect(Object.keys(options).sort()).toEqual(
      ['references', 'layerTexts', 'classifier', 'downstream', ...Object.keys(evaluators)].sort(),
    );
    expect(options.references).toBeNull();
    expect(options.knn.k).toBe(10);
  });

  it('refuses an unknown evaluator and an impossible option', () => {
    expect(evaluationSchema.safeParse({ unheardOf: {} }).success).toBe(false);
    expect(evaluationSchema.safeParse({ knn: { k: 0 } }).success).toBe(false);
  });
});

onEachEngine('evaluate', () => {
  const options = evaluationSchema.parse({ knn: { k: 3 } });

  it('names each metric after its evaluator and passes the options on', async () => {
    const context = contextOf(randomMatrix(20, 4, 2));
    const metrics = await evaluate(options, context);
    for (const [name, { primary }] of Object.entries(evaluators)) {
      expect(metrics).toHaveProperty([`${name}.${primary}`]);
    }
    const direct = await evaluators.knn.evaluate(context, options.knn);
    expect(metrics['knn.macroF1']).toBe(direct.macroF1);
    expect(metrics['knn.macroF1']).not.toBe((await evaluate(evaluationSchema.parse({}), context))['knn.macroF1']);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses an embedding that holds %d', async (value) => {
    const broken = mapValues(randomMatrix(6, 4, 3), (v, i) => (i === 9 ? value : v));
    await expect(evaluate(options, contextOf(broken))).rejects.toThrow(`train embedding 2 holds ${value}`);
  });
});

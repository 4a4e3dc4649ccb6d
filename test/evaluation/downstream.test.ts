import { expect, it } from 'vitest';
import { downstreamSchema, evaluateDownstream } from '../../src/evaluation/downstream.ts';
import { drift } from '../../src/evaluation/drift.ts';
import { onEachEngine } from '../engine/engines.ts';
import { randomMatrix } from './matrices.ts';

/** Two classes along the first dimension. */
function separable(rows: number, seed: number) {
  const embeddings = randomMatrix(rows, 4, seed);
  const labels = Int32Array.from({ length: rows }, (_, i) => i % 2);
  labels.forEach((label, i) => {
    embeddings.data[4 * i] = (embeddings.data[4 * i] as number) / 4 + (label === 1 ? 8 : -8);
  });
  return { embeddings, labels };
}

onEachEngine('downstream', () => {
  it('judges each task by each classifier', async () => {
    const tasks = ['a', 'b'].map((name, i) => {
      const test = separable(12, 10 + i);
      return { name, train: separable(40, i), test, original: { test: separable(12, 20 + i).embeddings } };
    });
    const metrics = await evaluateDownstream(tasks, downstreamSchema.parse({ tasks: ['a', 'b'] }));
    const scores = ['accuracy', 'macroF1', 'weightedF1'];
    const ofProbabilities = ['logLoss', 'calibrationError', 'rocAuc', 'rocAucWeighted'];
    for (const task of ['a', 'b']) {
      const named = (classifier: string, names: readonly string[]) =>
        Object.fromEntries(names.map((name) => [name, metrics[`${task}.${classifier}.${name}`]]));
      expect(named('knn', scores)).toEqual({ accuracy: 1, macroF1: 1, weightedF1: 1 });
      const found = named('logisticRegression', [...scores, ...ofProbabilities]);
      expect(found).toMatchObject({ accuracy: 1, macroF1: 1, weightedF1: 1, rocAuc: 1, rocAucWeighted: 1 });
      expect(found.logLoss).toBeLessThan(Math.log(2));
    }
    for (const { name, test, original } of tasks) {
      const measured = await drift.evaluate({ train: test, test, original, seed: 1 }, drift.schema.parse({}));
      for (const [metric, value] of Object.entries(measured)) expect(metrics[`${name}.drift.${metric}`]).toBe(value);
    }
  });

  it('has nothing to say without tasks', async () => {
    expect(await evaluateDownstream([], downstreamSchema.parse({}))).toEqual({});
  });
});

it('takes each task once', () => {
  expect(downstreamSchema.safeParse({ tasks: ['sst2', 'sst2'] }).success).toBe(false);
});

import { expect, it } from 'vitest';
import { downstreamSchema, evaluateDownstream } from '../../src/evaluation/downstream.ts';
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
    const tasks = ['a', 'b'].map((name, i) => ({ name, train: separable(40, i), test: separable(12, 10 + i) }));
    const metrics = await evaluateDownstream(tasks, downstreamSchema.parse({ tasks: ['a', 'b'] }));
    const names = ['a', 'b'].flatMap((task) =>
      ['knn', 'logisticRegression'].flatMap((classifier) =>
        ['accuracy', 'macroF1', 'weightedF1'].map((metric) => `${task}.${classifier}.${metric}`),
      ),
    );
    expect(metrics).toEqual(Object.fromEntries(names.map((name) => [name, 1])));
  });

  it('has nothing to say without tasks', async () => {
    expect(await evaluateDownstream([], downstreamSchema.parse({}))).toEqual({});
  });
});

it('takes each task once', () => {
  expect(downstreamSchema.safeParse({ tasks: ['sst2', 'sst2'] }).success).toBe(false);
});

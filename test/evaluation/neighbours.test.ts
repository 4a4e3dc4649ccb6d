import { describe, expect, it } from 'vitest';
import { nearestNeighbours } from '../../src/evaluation/cosineSearch.ts';
import type { EvaluationContext } from '../../src/evaluation/evaluator.ts';
import type { Matrix } from '../../src/evaluation/matrix.ts';
import { knn, leaveOneOut, majorityVote } from '../../src/evaluation/neighbours.ts';
import { onEachEngine } from '../engine/engines.ts';
import golden from './golden/neighbours.json' with { type: 'json' };
import { matrixOf, randomMatrix } from './matrices.ts';

const toMatrix = (data: readonly number[]): Matrix => ({
  data: Float32Array.from(data),
  rows: data.length / golden.columns,
  columns: golden.columns,
});
const train = { embeddings: toMatrix(golden.train), labels: Int32Array.from(golden.trainLabels) };
const test = { embeddings: toMatrix(golden.test), labels: Int32Array.from(golden.testLabels) };

const contextOf = (parts: Pick<EvaluationContext, 'train' | 'test'>): EvaluationContext => ({
  ...parts,
  original: { test: parts.test.embeddings },
  seed: 1,
});

onEachEngine('kNN against scikit-learn', () => {
  for (const { k, predicted, leaveOneOut: scores } of golden.cases) {
    it.each([7, 2048])(`k ${k}, blocks of %i`, async (chunk) => {
      const neighbours = await nearestNeighbours(test.embeddings, train.embeddings, { k, chunk });
      const found = [...majorityVote(neighbours, train.labels)];
      // Everything is equally far from the row of zeros: which k vote is each implementation's choice, unless all do.
      const determined = (_: number, i: number) => i !== golden.zeroRow || k === train.labels.length;
      expect(found.filter(determined)).toEqual(predicted.filter(determined));

      const alone = await leaveOneOut(train.embeddings, train.labels, { k, chunk });
      for (const [metric, value] of Object.entries(scores)) {
        expect(alone[metric as keyof typeof alone], metric).toBeCloseTo(value, 12);
      }
    });
  }
});

onEachEngine('knn', () => {
  const options = knn.schema.parse({});

  it('classifies a copy of its references without a fault when k is 1', async () => {
    const scores = await knn.evaluate(contextOf({ train, test: train }), { ...options, k: 1 });
    expect(scores).toEqual({ accuracy: 1, macroF1: 1, weightedF1: 1 });
  });

  it('gives the scores at other numbers of neighbours from the same search', async () => {
    const context = contextOf({ train, test });
    const all = await knn.evaluate(context, { ...options, k: 3, alsoAt: [1, 10] });
    for (const k of [1, 3, 10]) {
      const alone = await knn.evaluate(context, { ...options, k });
      for (const [name, score] of Object.entries(alone)) {
        expect((all as Record<string, number>)[k === 3 ? name : `${name}At${k}`], `${name} at ${k}`).toBe(score);
      }
    }
  });

  it('lets all references vote if there are fewer than k', async () => {
    const few = {
      embeddings: matrixOf([
        [1, 0],
        [0, 1],
        [1, 1],
      ]),
      labels: Int32Array.of(2, 1, 2),
    };
    const scores = await knn.evaluate(contextOf({ train: few, test: few }), { ...options, k: 10 });
    expect(scores.accuracy).toBe(2 / 3);
  });

  it('is at chance where labels and embeddings have nothing to do with each other', async () => {
    const labels = Int32Array.from({ length: 600 }, (_, i) => i % 4);
    const random = { embeddings: randomMatrix(600, 8, 1), labels };
    expect((await leaveOneOut(random.embeddings, labels, options)).accuracy).toBeLessThan(0.33);
  });
});

describe('majorityVote', () => {
  const labels = Int32Array.of(3, 1, 1, 3, 0);
  it.each([
    ['the majority', [1, 2, 4], 1],
    ['the smallest of equally frequent classes, wherever they stand', [0, 3, 1, 2], 1],
    ['a single neighbour', [0], 3],
  ])('%s', (_, indices, winner) => {
    expect([...majorityVote({ indices: Int32Array.from(indices), k: indices.length }, labels)]).toEqual([winner]);
  });
});

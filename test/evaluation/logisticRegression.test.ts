import { expect, it } from 'vitest';
import { fitLogisticRegression } from '../../src/evaluation/logisticRegression.ts';
import type { Matrix } from '../../src/evaluation/matrix.ts';
import { leakedTensorsOf, onEachEngine } from '../engine/engines.ts';
import golden from './golden/logistic.json' with { type: 'json' };
import { matrixOf, randomMatrix } from './matrices.ts';

const matrix = (values: readonly number[], columns: number): Matrix => ({
  data: Float32Array.from(values),
  rows: values.length / columns,
  columns,
});

onEachEngine('logistic regression', () => {
  it.each(
    golden.map((example, i) => [i, example] as const),
  )('predicts what scikit-learn predicts, case %i', async (_, given) => {
    const { columns, c, train, trainLabels, test, predicted, margin, probabilities: likely } = given;
    const options = { c, maxIterations: 300 };
    const predict = await fitLogisticRegression(matrix(train, columns), Int32Array.from(trainLabels), options);
    const { labels: found, probabilities } = await predict(matrix(test, columns));
    for (let i = 0; i < probabilities.values.length; i++) {
      expect(Math.abs((probabilities.values[i] as number) - (likely[i] as number))).toBeLessThan(0.005);
    }
    predicted.forEach((label, i) => {
      // Where two classes are equally likely, the last digits decide.
      if ((margin[i] as number) > 0.002) expect(found[i]).toBe(label);
    });
    expect(margin.filter((one) => one > 0.002).length).toBeGreaterThan(50);
  });

  it('keeps the class numbers, which need not begin at 0 nor follow one another', async () => {
    const x = matrixOf([[0], [0.1], [5], [5.1], [9], [9.1]]);
    const predict = await fitLogisticRegression(x, Int32Array.of(7, 7, 2, 2, 11, 11), { c: 100, maxIterations: 300 });
    const { labels, probabilities } = await predict(matrixOf([[-1], [5], [12]]));
    expect([...labels]).toEqual([7, 2, 11]);
    expect(probabilities.classes).toBe(12);
    for (const [row, label] of labels.entries()) expect(probabilities.values[row * 12 + label]).toBeGreaterThan(0.5);
  });

  it('copes with one class and with columns that are constant', async () => {
    const x = matrixOf([
      [1, 3],
      [2, 3],
    ]);
    const options = { c: 0.1, maxIterations: 300 };
    const one = await fitLogisticRegression(x, Int32Array.of(4, 4), options);
    expect([...(await one(x)).labels]).toEqual([4, 4]);
    const two = await fitLogisticRegression(x, Int32Array.of(0, 1), options);
    expect([...(await two(matrixOf([[0.5, 3], [2.5, 8]]))).labels]).toEqual([0, 1]); // biome-ignore format: a matrix
  });

  it('leaves no tensor behind', async () => {
    const labels = Int32Array.from({ length: 20 }, (_, i) => i % 3);
    const work = async () => {
      const predict = await fitLogisticRegression(randomMatrix(20, 4, 1), labels, { c: 1, maxIterations: 20 });
      await predict(randomMatrix(5, 4, 2));
    };
    expect(await leakedTensorsOf(work)).toBe(0);
  });
});

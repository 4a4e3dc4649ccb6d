import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { type ClassificationScores, classificationScores } from './classification.ts';
import type { EmbeddedCorpus } from './evaluator.ts';
import { minimise } from './lbfgs.ts';
import { columnMeans, type Matrix, rowsTensor, valuesOf } from './matrix.ts';
import { type Probabilities, type ProbabilityScores, probabilityScores } from './probabilities.ts';

export const logisticRegressionSchema = z.strictObject({
  /** Inverse strength of the penalty on the squared weights. */
  c: z.number().positive().default(0.1),
  maxIterations: z.int().positive().default(300),
});

export type LogisticRegressionOptions = z.output<typeof logisticRegressionSchema>;

/** Where no component of the gradient of the mean loss is larger, the weights are taken for the best. */
const tolerance = 1e-4;

/**
 * Classification of the test texts by a logistic regression on the training texts' embeddings, each dimension
 * standardised: multinomial, with two classes binomial, weights penalised and intercepts not, as scikit-learn's
 * make_pipeline(StandardScaler(), LogisticRegression(C=c)) does it.
 */
export async function logisticRegression(
  { train, test, onPredicted }: EmbeddedCorpus,
  options: LogisticRegressionOptions,
): Promise<ClassificationScores & ProbabilityScores> {
  const predict = await fitLogisticRegression(train.embeddings, train.labels, options);
  const { labels, probabilities } = await predict(test.embeddings);
  onPredicted?.(labels);
  return { ...classificationScores(test.labels, labels), ...probabilityScores(test.labels, probabilities) };
}

/**
 * @param labels of the rows; classes that do not occur are never predicted
 * @returns what predicts the label of each row of a matrix, and how likely each class is
 */
export async function fitLogisticRegression(
  matrix: Matrix,
  labels: Int32Array,
  { c, maxIterations }: LogisticRegressionOptions,
): Promise<(matrix: Matrix) => Promise<{ labels: Int32Array; probabilities: Probabilities }>> {
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const place = new Map(classes.map((label, i) => [label, i]));
  const truth = Int32Array.from(labels, (label) => place.get(label) as number);
  // Two classes need one score: above 0 for the second.
  const scores = classes.length === 2 ? 1 : classes.length;
  const standardise = standardiser(matrix);
  const { data, rows, columns } = standardise(matrix);
  const x = rowsTensor({ data, rows, columns }, { from: 0, to: rows });
  const width = columns + 1;
  try {
    const weights = await minimise(
      async (point) => {
        const logits = await valuesOf(() => tf.matMul(x, weightsTensor(point, scores, columns), false, true));
        const { value, residuals } =
          scores === 1 ? binomial(logits, point, truth) : multinomial(logits, point, truth, scores, columns);
        const slopes = await valuesOf(() => tf.matMul(tf.tensor2d(residuals, [rows, scores]), x, true, false));
        const gradient = new Float64Array(point.length);
        let penalty = 0;
        for (let score = 0; score < scores; score++) {
          for (let j = 0; j < columns; j++) {
            const weight = point[score * width + j] as number;
            penalty += weight ** 2 / 2;
            gradient[score * width + j] = ((slopes[score * columns + j] as number) + weight / c) / rows;
          }
        }
        for (let i = 0; i < residuals.length; i++) {
          const bias = (i % scores) * width + columns;
          gradient[bias] = (gradient[bias] as number) + (residuals[i] as number) / rows;
        }
        return { value: (value + penalty / c) / rows, gradient };
      },
      new Float64Array(scores * width),
      { maxIterations, tolerance },
    );
    return async (queries) => {
      const standardised = standardise(queries);
      const logits = await valuesOf(() =>
        tf.matMul(
          rowsTensor(standardised, { from: 0, to: queries.rows }),
          weightsTensor(weights, scores, columns),
          false,
          true,
        ),
      );
      const all = (classes.at(-1) ?? -1) + 1;
      const values = new Float64Array(queries.rows * all);
      const predicted = Int32Array.from({ length: queries.rows }, (_, row) => {
        const own = Float64Array.from({ length: scores }, (_, i) => {
          return (logits[row * scores + i] as number) + (weights[i * width + columns] as number);
        });
        // With a single score that of the first class is 0.
        const shares = softmax(scores === 1 && classes.length === 2 ? Float64Array.of(0, own[0] as number) : own);
        shares.forEach((share, i) => {
          values[row * all + (classes[i] as number)] = share;
        });
        return classes[shares.indexOf(Math.max(...shares))] as number;
      });
      return { labels: predicted, probabilities: { values, classes: all } };
    };
  } finally {
    x.dispose();
  }
}

function softmax(scores: Float64Array): Float64Array {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Sum of the rows' losses, and each score's share in its slope, [rows, scores]. */
interface Loss {
  readonly value: number;
  readonly residuals: Float32Array;
}

function multinomial(
  logits: Float32Array,
  point: Float64Array,
  truth: Int32Array,
  scores: number,
  columns: number,
): Loss {
  const residuals = new Float32Array(logits.length);
  const own = new Float64Array(scores);
  let value = 0;
  for (let row = 0; row < truth.length; row++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < scores; i++) {
      const score = (logits[row * scores + i] as number) + (point[i * (columns + 1) + columns] as number);
      own[i] = score;
      if (score > largest) largest = score;
    }
    const right = truth[row] as number;
    value += largest - (own[right] as number);
    let sum = 0;
    for (let i = 0; i < scores; i++) {
      own[i] = Math.exp((own[i] as number) - largest);
      sum += own[i] as number;
    }
    value += Math.log(sum);
    for (let i = 0; i < scores; i++) residuals[row * scores + i] = (own[i] as number) / sum - (i === right ? 1 : 0);
  }
  return { value, residuals };
}

function binomial(logits: Float32Array, point: Float64Array, truth: Int32Array): Loss {
  const bias = point[point.length - 1] as number;
  const residuals = new Float32Array(logits.length);
  let value = 0;
  for (let row = 0; row < truth.length; row++) {
    const score = (logits[row] as number) + bias;
    const positive = truth[row] as number;
    value += Math.max(score, 0) - positive * score + Math.log1p(Math.exp(-Math.abs(score)));
    residuals[row] = 1 / (1 + Math.exp(-score)) - positive;
  }
  return { value, residuals };
}

/** The weights without the intercepts, [scores, columns]. */
function weightsTensor(point: Float64Array, scores: number, columns: number): tf.Tensor2D {
  const weights = new Float32Array(scores * columns);
  for (let i = 0; i < scores; i++) {
    weights.set(point.subarray(i * (columns + 1), i * (columns + 1) + columns), i * columns);
  }
  return tf.tensor2d(weights, [scores, columns]);
}

/** Takes each column to mean 0 and standard deviation 1 of the given matrix; a constant one to 0. */
function standardiser({ data, rows, columns }: Matrix): (matrix: Matrix) => Matrix {
  const means = columnMeans({ data, rows, columns });
  const variances = new Float64Array(columns);
  for (let i = 0; i < data.length; i++) {
    const difference = (data[i] as number) - (means[i % columns] as number);
    variances[i % columns] = (variances[i % columns] as number) + difference ** 2 / rows;
  }
  // What is left of a constant column is rounding.
  const scales = variances.map((variance, j) => {
    return variance <= 10 * Number.EPSILON * Math.max(1, (means[j] as number) ** 2) ? 1 : Math.sqrt(variance);
  });
  return (matrix) => ({
    ...matrix,
    data: matrix.data.map((value, i) => (value - (means[i % columns] as number)) / (scales[i % columns] as number)),
  });
}

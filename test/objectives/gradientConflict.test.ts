import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { gradientsByTerm } from '../../src/objectives/gradientConflict.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import { dot, finiteDifferences, type Rows, randomBatch } from './batches.ts';

/** A model small enough to differentiate by finite differences: two layers, with a tanh between them. */
const start = { first: randomBatch(3, 3, 1, 1).rows, second: randomBatch(2, 3, 1, 2).rows };
const input = [0.3, -0.7, 1.1];

/** Each term is a function of both layers' weights, in float64; the last depends on the first layer alone. */
const exact: Record<string, (first: Rows, second: Rows) => number> = {
  square: (first, second) => forward(first, second).reduce((sum, y) => sum + y ** 2, 0),
  towardsOne: (first, second) => forward(first, second).reduce((sum, y) => sum + (y - 1) ** 2, 0),
  firstOnly: (first) => first.flat().reduce((sum, w) => sum + w ** 4, 0),
};

function forward(first: Rows, second: Rows): number[] {
  const hidden = first.map((row) => Math.tanh(dot(row, input)));
  return second.map((row) => dot(row, hidden));
}

function model() {
  const first = tf.variable(tf.tensor2d(start.first)) as tf.Variable<tf.Rank.R2>;
  const second = tf.variable(tf.tensor2d(start.second)) as tf.Variable<tf.Rank.R2>;
  const output = () => tf.matMul(second, tf.tanh(tf.matMul(first, tf.tensor2d(input, [3, 1]))));
  const terms: Record<string, () => tf.Tensor> = {
    square: () => tf.sum(tf.square(output())),
    towardsOne: () => tf.sum(tf.squaredDifference(output(), 1)),
    firstOnly: () => tf.sum(tf.pow(first, 4)),
    minusSquare: () => tf.neg(tf.sum(tf.square(output()))),
    nothing: () => tf.mul(tf.sum(first), 0),
  };
  return {
    variables: new Map<string, tf.Variable>([
      ['first', first],
      ['second', second],
    ]),
    evaluate: (name: string) => terms[name]?.() as tf.Scalar,
  };
}

onEachEngine('gradientsByTerm', () => {
  test('has the norms and cosines of finite differences, over all variables together', () => {
    const { evaluate, variables } = model();
    const { norms, cosines } = gradientsByTerm(evaluate, Object.keys(exact), variables);

    const gradients = Object.entries(exact).map(([name, f]) => {
      const first = finiteDifferences((rows) => f(rows, start.second), start.first);
      const second = finiteDifferences((rows) => f(start.first, rows), start.second);
      return [name, [...first, ...second].flat()] as const;
    });
    for (const [name, gradient] of gradients) expect(norms[name]).toBeCloseTo(Math.hypot(...gradient), 5);
    expect(Object.keys(cosines)).toEqual(['square/towardsOne', 'square/firstOnly', 'towardsOne/firstOnly']);
    for (const [i, [one, a]] of gradients.entries()) {
      for (const [other, b] of gradients.slice(i + 1)) {
        expect(cosines[`${one}/${other}`]).toBeCloseTo(dot(a, b) / Math.hypot(...a) / Math.hypot(...b), 5);
      }
    }
  });

  test('is −1 for terms that pull in opposite directions', () => {
    const { evaluate, variables } = model();
    expect(gradientsByTerm(evaluate, ['square', 'minusSquare'], variables).cosines['square/minusSquare']).toBeCloseTo(
      -1,
      6,
    );
  });

  test('has no cosine where a term has no gradient', () => {
    const { evaluate, variables } = model();
    const { norms, cosines } = gradientsByTerm(evaluate, ['square', 'nothing'], variables);
    expect(norms.nothing).toBe(0);
    expect(cosines).toEqual({});
  });

  test('looks only at the variables that it is given', () => {
    const { evaluate, variables } = model();
    const first = new Map([...variables].filter(([name]) => name === 'first'));
    const norm = Math.hypot(
      ...finiteDifferences((rows) => exact.square?.(rows, start.second) ?? 0, start.first).flat(),
    );
    expect(gradientsByTerm(evaluate, ['square'], first)).toEqual({
      norms: { square: expect.closeTo(norm, 5) },
      cosines: {},
    });
  });

  test('keeps no tensor', () => {
    const { evaluate, variables } = model();
    expect(leakedTensors(() => gradientsByTerm(evaluate, ['square', 'towardsOne'], variables))).toBe(0);
  });
});

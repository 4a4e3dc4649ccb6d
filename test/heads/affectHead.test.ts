import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { createAffectHead } from '../../src/heads/affectHead.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import {
  dot,
  expectClose,
  finiteDifferences,
  type Rows,
  randomBatch,
  valueAndGradient,
} from '../objectives/batches.ts';

type AffectHead = ReturnType<typeof createAffectHead>;

function valuesOf({ variables }: AffectHead) {
  const [weight, bias] = ['affect.weight', 'affect.bias'].map((name) => variables.get(name)?.arraySync());
  return { weight: weight as Rows, bias: bias as number[] };
}

/** The head in float64, from its variables. */
function oracle(h: Rows, { weight, bias }: ReturnType<typeof valuesOf>): Rows {
  return h.map((row) => {
    const [valence = 0, intensity = 0] = weight.map((w, o) => dot(row, w) + (bias[o] ?? 0));
    return [Math.tanh(valence), 1 / (1 + Math.exp(-intensity))];
  });
}

onEachEngine('affect head', () => {
  test.each([1, 5, 33])('equals explicit loops, its gradient their finite differences; %d texts', (size) => {
    const head = createAffectHead(8, 1);
    const values = valuesOf(head);
    const rows = randomBatch(size, 8, 1, 1).rows.map((row) => row.map((x) => 3 * x));
    expectClose(head.affect(tf.tensor2d(rows)).arraySync(), oracle(rows, values), 1e-6);

    const weights = randomBatch(size, 2, 1, 2).rows;
    const { gradient } = valueAndGradient((h) => tf.sum(tf.mul(head.affect(h), tf.tensor2d(weights))), rows);
    const exact = (h: Rows) => oracle(h, values).reduce((sum, row, i) => sum + dot(row, weights[i] ?? []), 0);
    expectClose(gradient, finiteDifferences(exact, rows), 1e-5);
  });

  test('valence reaches from −1 to 1, intensity from 0 to 1', () => {
    const head = createAffectHead(2, 1);
    head.variables.get('affect.weight')?.assign(tf.eye(2));
    head.variables.get('affect.bias')?.assign(tf.zeros([2]));
    const extremes = head
      .affect(
        tf.tensor2d([
          [1e4, 1e4],
          [-1e4, -1e4],
          [0, 0],
        ]),
      )
      .arraySync();
    expectClose(
      extremes,
      [
        [1, 1],
        [-1, 0],
        [0, 0.5],
      ],
      1e-6,
    );
  });

  test('trains every variable, each dimension its own', () => {
    const head = createAffectHead(4, 1);
    const h = tf.tensor2d(randomBatch(6, 4, 1, 1).rows);
    for (const column of [0, 1]) {
      const { grads } = tf.variableGrads(
        () => tf.sum(tf.slice2d(head.affect(h), [0, column], [-1, 1])),
        [...head.variables.values()],
      );
      expect(Object.keys(grads)).toHaveLength(2);
      const weight = grads[head.variables.get('affect.weight')?.name ?? ''] as tf.Tensor2D;
      const used = weight.arraySync().map((row) => row.some((value) => value !== 0));
      expect(used).toEqual([column === 0, column === 1]);
    }
  });

  test('has torch’s parameter names and orientation, and starts from its seed alone', () => {
    const head = createAffectHead(6, 1);
    expect([...head.variables].map(([name, { shape }]) => [name, shape])).toEqual([
      ['affect.weight', [2, 6]],
      ['affect.bias', [2]],
    ]);
    expect(valuesOf(createAffectHead(6, 1))).toEqual(valuesOf(head));
    expect(valuesOf(createAffectHead(6, 2))).not.toEqual(valuesOf(head));
  });

  test('keeps no tensor once disposed, and none of what it finds', () => {
    const h = tf.tensor2d(randomBatch(4, 6, 1, 1).rows);
    const live = () => {
      const head = createAffectHead(6, 1);
      for (let i = 0; i < 5; i++) head.affect(h).dispose();
      tf.dispose([...head.variables.values()]);
    };
    expect(leakedTensors(live)).toBe(0);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contradiction } from '../../src/objectives/contradiction.ts';
import type { Activation } from '../../src/objectives/objective.ts';
import { onEachEngine } from '../engine/engines.ts';
import { expectClose, finiteDifferences, type Rows, randomBatch, valueAndGradient } from './batches.ts';

const names = ['sadness', 'joy', 'love', 'anger', 'fear', 'surprise'];

type Pairs = readonly (readonly [first: string, second: string, weight: number])[];

/** {joy, love} × {sadness, anger, fear}, of the reference. */
const sixClassPairs: Pairs = [
  ['joy', 'sadness', 1],
  ['joy', 'anger', 1],
  ['joy', 'fear', 1],
  ['love', 'sadness', 1],
  ['love', 'anger', 1],
  ['love', 'fear', 1],
];

/** The definition, in float64 and explicit loops. */
function oracle(logits: Rows, pairs: Pairs, activation: Activation): number {
  let total = 0;
  for (const row of logits) {
    const largest = Math.max(...row);
    const sum = row.reduce((s, x) => s + Math.exp(x - largest), 0);
    const p = row.map((x) => (activation === 'softmax' ? Math.exp(x - largest) / sum : 1 / (1 + Math.exp(-x))));
    for (const [first, second, weight] of pairs) {
      total += weight * (p[names.indexOf(first)] as number) * (p[names.indexOf(second)] as number);
    }
  }
  return total / logits.length;
}

/** @param pairs none: the default */
function lossOf(rows: Rows, { pairs, activation }: { pairs?: Pairs | undefined; activation?: Activation | undefined }) {
  const classes = { names, counts: new Int32Array(names.length) };
  const rest = { embeddings: tf.tensor2d(rows), labels: new Int32Array(rows.length), classes };
  const options = contradiction.schema.parse(pairs ? { pairs } : {});
  return valueAndGradient(
    (logits) => contradiction.loss({ ...rest, logits, ...(activation && { activation }) }, options),
    rows,
  );
}

const scores = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 6, maxLength: 6 });

onEachEngine('contradiction', () => {
  describe.each(['softmax', 'sigmoid'] as const)('of a %s', (activation) => {
    const grid: readonly (readonly [string, Pairs | undefined, Pairs])[] = [
      ['the default, which is the reference’s', undefined, sixClassPairs],
      ['one', [['surprise', 'joy', 1]], [['surprise', 'joy', 1]]],
      [
        'weighted ones',
        [
          ['joy', 'fear', 0.25],
          ['anger', 'love', 3],
        ],
        [
          ['joy', 'fear', 0.25],
          ['anger', 'love', 3],
        ],
      ],
      [
        'one that is given twice, and turned round: its weights add up',
        [
          ['joy', 'fear', 0.5],
          ['joy', 'fear', 2],
          ['fear', 'joy', 1],
        ],
        [['joy', 'fear', 3.5]],
      ],
    ];

    test.each(grid)('equals explicit loops, its gradient their finite differences; pairs: %s', (_, pairs, expected) => {
      for (const size of [1, 3, 16]) {
        for (const scale of [1, 10]) {
          const logits = randomBatch(size, names.length, 1, size).rows.map((row) => row.map((x) => scale * x));
          const exact = (at: Rows) => oracle(at, expected, activation);
          const { value, gradient } = lossOf(logits, { pairs, activation });
          expect(value).toBeCloseTo(exact(logits), 5);
          expectClose(gradient, finiteDifferences(exact, logits), 1e-5);
        }
      }
    });

    test('a weight that is left out is 1', () => {
      const logits = randomBatch(4, names.length, 1, 2).rows;
      const classes = { names, counts: new Int32Array(names.length) };
      const inputs = { embeddings: tf.tensor2d(logits), labels: new Int32Array(4), classes, activation };
      const options = contradiction.schema.parse({ pairs: [['joy', 'fear']] });
      const { value } = valueAndGradient((at) => contradiction.loss({ ...inputs, logits: at }, options), logits);
      expect(value).toBe(lossOf(logits, { pairs: [['joy', 'fear', 1]], activation }).value);
    });
  });

  test('is of a softmax where nothing else is said', () => {
    const logits = randomBatch(4, names.length, 1, 2).rows;
    expect(lossOf(logits, {}).value).toBe(lossOf(logits, { activation: 'softmax' }).value);
  });

  test('under a softmax is at most .25, of one pair as of all', () => {
    fc.assert(
      fc.property(fc.array(scores, { minLength: 1, maxLength: 4 }), (rows) => {
        for (const pairs of [[['joy', 'sadness', 1]] as const, undefined]) {
          const { value } = lossOf(rows, { pairs });
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(0.25 + 1e-6);
        }
      }),
      { numRuns: 50 },
    );
    const sureOfBoth = [[30, 30, 0, 0, 0, 0]];
    expect(lossOf(sureOfBoth, { pairs: [['joy', 'sadness', 1]] }).value).toBeCloseTo(0.25, 6);
  });

  test('sigmoids can be sure of both', () => {
    expect(lossOf([[30, 30, 0, 0, 0, 0]], { pairs: [['joy', 'sadness', 1]], activation: 'sigmoid' }).value).toBe(1);
  });

  test('stays finite where a score is far above the others', () => {
    for (const activation of ['softmax', 'sigmoid'] as const) {
      const { value, gradient } = lossOf([[1e4, -1e4, 1e4, -200, 200, 0]], { activation });
      expect([value, ...gradient.flat()].every(Number.isFinite)).toBe(true);
    }
  });

  test('needs to know the classes', () => {
    const logits = tf.tensor2d([[1, 2]]);
    const inputs = { embeddings: logits, labels: Int32Array.of(0), logits };
    expect(() => contradiction.loss(inputs, {})).toThrow('expected the classes');
  });
});

describe('pairs', () => {
  test.each([
    [[]],
    [[['joy']]],
    [[['joy', 'fear', 0]]],
    [[['joy', 'fear', -1]]],
    [[['joy', 'fear', 1, 1]]],
    [[['joy', 'fear', 'much']]],
    [[['joy', 'joy']]],
    [['joy', 'fear']],
    ['joy'],
  ])('are not %j', (pairs) => {
    expect(contradiction.schema.safeParse({ pairs }).success).toBe(false);
  });

  test('are by default not given', () => {
    expect(contradiction.schema.parse({})).toEqual({});
  });
});

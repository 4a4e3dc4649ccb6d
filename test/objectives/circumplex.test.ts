import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { intensity, valence } from '../../src/objectives/circumplex.ts';
import { stream } from '../../src/random.ts';
import { onEachEngine } from '../engine/engines.ts';
import { expectClose, finiteDifferences, type Rows, valueAndGradient } from './batches.ts';

/** Of the reference for six classes. */
const names = ['sadness', 'joy', 'love', 'anger', 'fear', 'surprise'];
const places = { valence: [-0.8, 0.9, 0.8, -0.7, -0.7, 0], intensity: [0.3, 0.7, 0.5, 0.9, 0.8, 0.9] };
const dimensions = { valence, intensity };
const columns = { valence: 0, intensity: 1 };

type Dimension = keyof typeof dimensions;

function oracle(affect: Rows, labels: Int32Array, ofClass: readonly number[], column: number): number {
  let total = 0;
  for (const [i, row] of affect.entries()) {
    total += ((row[column] as number) - (ofClass[labels[i] as number] as number)) ** 2;
  }
  return total / affect.length;
}

function lossOf(
  dimension: Dimension,
  rows: Rows,
  labels: Int32Array,
  values: Record<string, number> = {},
  ofCorpus: readonly string[] = names,
) {
  const classes = { names: ofCorpus, counts: new Int32Array(ofCorpus.length) };
  const rest = { embeddings: tf.tensor2d(rows), labels, classes };
  return valueAndGradient((affect) => dimensions[dimension].loss({ ...rest, affect }, { values }), rows);
}

function batch(size: number) {
  const random = stream(size, 'affect');
  return {
    rows: Array.from({ length: size }, () => [2 * random.uniform() - 1, random.uniform()]),
    labels: Int32Array.from({ length: size }, () => random.integer(names.length)),
  };
}

onEachEngine('circumplex', () => {
  describe.each(['valence', 'intensity'] as const)('%s', (dimension) => {
    const column = columns[dimension];

    test.each([1, 2, 7, 64])('equals explicit loops, its gradient their finite differences; %d texts', (size) => {
      const { rows, labels } = batch(size);
      const exact = (at: Rows) => oracle(at, labels, places[dimension], column);
      const { value, gradient } = lossOf(dimension, rows, labels);
      expect(value).toBeCloseTo(exact(rows), 6);
      expectClose(gradient, finiteDifferences(exact, rows), 1e-6);
    });

    test('is 0 at the places of the classes, and nowhere else', () => {
      const labels = Int32Array.from(names.keys());
      const rows = names.map((_, i) => [places.valence[i] as number, places.intensity[i] as number]);
      expect(lossOf(dimension, rows, labels).value).toBeLessThan(1e-12);
      const moved = rows.map((row) => row.map((v, c) => (c === column ? v + 0.1 : v)));
      expect(lossOf(dimension, moved, labels).value).toBeCloseTo(0.01, 6);
      const beside = rows.map((row) => row.map((v, c) => (c === column ? v : v + 0.1)));
      expect(lossOf(dimension, beside, labels).value).toBeLessThan(1e-12);
    });

    test('takes given values in place of known ones and for classes that are not known', () => {
      const { rows } = batch(4);
      const labels = Int32Array.of(0, 1, 2, 1);
      const values = { joy: 0.25, weariness: 0 };
      const { value, gradient } = lossOf(dimension, rows, labels, values, ['joy', 'weariness', 'fear']);
      const exact = (at: Rows) => oracle(at, labels, [0.25, 0, places[dimension][4] as number], column);
      expect(value).toBeCloseTo(exact(rows), 6);
      expectClose(gradient, finiteDifferences(exact, rows), 1e-6);
    });

    test('needs to know the classes', () => {
      const affect = tf.tensor2d([[0, 0]]);
      const inputs = { embeddings: affect, affect, labels: Int32Array.of(0) };
      expect(() => dimensions[dimension].loss(inputs, { values: {} })).toThrow('expected the classes');
    });
  });
});

test.each([
  ['valence', -1, 1],
  ['intensity', 0, 1],
] as const)('options of %s: values from %d to %d, by default none', (dimension, least, greatest) => {
  const { schema, isRegression } = dimensions[dimension];
  expect(isRegression).toBe(true);
  expect(schema.parse({})).toEqual({ values: {} });
  for (const value of [least, greatest]) expect(schema.safeParse({ values: { joy: value } }).success).toBe(true);
  for (const value of [least - 0.01, greatest + 0.01, 'high']) {
    expect(schema.safeParse({ values: { joy: value } }).success).toBe(false);
  }
  expect(schema.safeParse({ value: {} }).success).toBe(false);
});

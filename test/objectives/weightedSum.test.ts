import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import { objectives } from '../../src/objectives/index.ts';
import type { ObjectiveInputs } from '../../src/objectives/objective.ts';
import { type Balancing, balancingSchema, objectiveSchema, weightedSum } from '../../src/objectives/weightedSum.ts';
import { onEachEngine } from '../engine/engines.ts';
import { randomBatch, scalarOf } from './batches.ts';

function make(config: z.input<typeof objectiveSchema>, balancing?: Balancing) {
  return weightedSum(objectiveSchema.parse(config), balancing);
}

function inputs(): ObjectiveInputs & { frozen: tf.Tensor2D; projections: tf.Tensor2D } {
  const { rows, others, labels } = randomBatch(8, 5, 3, 1);
  return {
    embeddings: tf.tensor2d(rows),
    frozen: tf.tensor2d(others),
    projections: tf.tensor2d(rows),
    logits: null,
    labels,
  };
}

onEachEngine('weightedSum', () => {
  test('is the sum of weight times term, and gives each term before and after its weight', () => {
    const { total, terms, weighted } = make({
      supCon: { weight: 0.5 },
      vectorSpacePreservation: { weight: 10, reduction: 'sum' },
    }).evaluate(inputs());
    const alone = (config: z.input<typeof objectiveSchema>) => scalarOf(make(config).evaluate(inputs()).total);
    const supCon = alone({ supCon: {} });
    const preservation = alone({ vectorSpacePreservation: { reduction: 'sum' } });

    expect(Object.keys(terms)).toEqual(['supCon', 'vectorSpacePreservation']);
    expect(scalarOf(terms.supCon as tf.Scalar)).toBe(supCon);
    expect(scalarOf(terms.vectorSpacePreservation as tf.Scalar)).toBe(preservation);
    expect(scalarOf(weighted.supCon as tf.Scalar)).toBeCloseTo(0.5 * supCon, 5);
    expect(scalarOf(weighted.vectorSpacePreservation as tf.Scalar)).toBeCloseTo(10 * preservation, 5);
    expect(scalarOf(total)).toBeCloseTo(0.5 * supCon + 10 * preservation, 4);
  });

  test('a term of weight 0 is evaluated but adds no gradient', () => {
    const { embeddings, ...others } = inputs();
    const variable = tf.variable(embeddings) as tf.Variable<tf.Rank.R2>;
    const sum = make({ supCon: {}, vectorSpacePreservation: { weight: 0 } });
    const evaluate = () => sum.evaluate({ ...others, embeddings: variable, projections: variable });
    const alone = make({ supCon: {} });
    const gradient = tf.variableGrads(() => evaluate().total, [variable]).grads[variable.name] as tf.Tensor;
    const expected = tf.variableGrads(
      () => alone.evaluate({ ...others, embeddings: variable, projections: variable }).total,
      [variable],
    ).grads[variable.name] as tf.Tensor;

    expect(scalarOf(evaluate().terms.vectorSpacePreservation as tf.Scalar)).toBeGreaterThan(0);
    expect(gradient.dataSync()).toEqual(expected.dataSync());
  });

  test('a term of weight 0 is left out where its inputs are missing; another one is not', () => {
    const without = { ...inputs(), frozen: null };
    const logged = make({ supCon: {}, vectorSpacePreservation: { weight: 0 } });
    expect(Object.keys(logged.evaluate(without).terms)).toEqual(['supCon']);
    const trained = make({ supCon: {}, vectorSpacePreservation: {} });
    expect(() => trained.evaluate(without)).toThrow('vectorSpacePreservation needs frozen');
  });

  test('takes heads for a softmax, and for sigmoids where binaryCrossEntropy is among the terms', () => {
    const names = ['joy', 'fear'];
    const sure = {
      ...inputs(),
      logits: tf.tensor2d([[30, 30]]),
      targets: tf.tensor2d([[1, 1]]),
      classes: { names, counts: Int32Array.of(1, 1) },
    };
    const contradiction = (sum: ReturnType<typeof make>) =>
      scalarOf(sum.evaluate(sure).terms.contradiction as tf.Scalar);
    const [softmax, sigmoids] = [make({ contradiction: {} }), make({ binaryCrossEntropy: {}, contradiction: {} })];
    expect([softmax.activation, sigmoids.activation]).toEqual(['softmax', 'sigmoid']);
    expect(contradiction(softmax)).toBeCloseTo(0.25, 6);
    expect(contradiction(sigmoids)).toBeCloseTo(1, 6);
  });

  describe('with weights that are learned', () => {
    const config = { supCon: { weight: 0.5 }, crossEntropy: {}, valence: { weight: 2 }, intensity: { weight: 0 } };
    const names = ['joy', 'fear', 'anger'];
    const classified = (): ObjectiveInputs => ({
      ...inputs(),
      logits: tf.tensor2d(randomBatch(8, names.length, 1, 2).rows),
      affect: tf.tensor2d(randomBatch(8, 2, 1, 3).rows),
      classes: { names, counts: Int32Array.of(3, 3, 2) },
    });
    const valuesOf = (scalars: Record<string, tf.Scalar>) =>
      Object.fromEntries(Object.entries(scalars).map(([name, scalar]) => [name, scalarOf(scalar)]));

    test('each trained term has one, from 1 on, and enters the sum by the formula of its kind', () => {
      const sum = make(config, 'uncertainty');
      expect([...sum.variables.keys()]).toEqual(['balance.supCon', 'balance.crossEntropy', 'balance.valence']);
      const terms = valuesOf(make(config).evaluate(classified()).terms) as Record<keyof typeof config, number>;
      for (const s of [
        [0, 0, 0],
        [0.7, -1.3, 2],
      ]) {
        [...sum.variables.values()].forEach((variable, i) => {
          variable.assign(tf.scalar(s[i] as number));
        });
        const [ofSupCon, ofCrossEntropy, ofValence] = s as [number, number, number];
        const expected = {
          supCon: Math.exp(-ofSupCon) * 0.5 * terms.supCon + ofSupCon / 2,
          crossEntropy: Math.exp(-ofCrossEntropy) * terms.crossEntropy + ofCrossEntropy / 2,
          valence: 0.5 * Math.exp(-ofValence) * 2 * terms.valence + ofValence / 2,
        };
        const found = sum.evaluate(classified());
        expect(valuesOf(found.terms)).toEqual(terms);
        for (const [name, value] of Object.entries(expected)) {
          expect(scalarOf(found.weighted[name] as tf.Scalar), name).toBeCloseTo(value, 5);
        }
        expect(scalarOf(found.weighted.intensity as tf.Scalar)).toBe(0);
        expect(scalarOf(found.total)).toBeCloseTo(expected.supCon + expected.crossEntropy + expected.valence, 4);
        expect(sum.counts(Int32Array.of(0, 0, 1))).toMatchObject({
          'balance.supCon': expect.closeTo(Math.exp(-ofSupCon), 5),
          'balance.crossEntropy': expect.closeTo(Math.exp(-ofCrossEntropy), 5),
          'balance.valence': expect.closeTo(Math.exp(-ofValence), 5),
          'supCon.loneAnchors': 1,
        });
      }
      tf.dispose([...sum.variables.values()]);
    });

    test('off there are none, and the sum is plain', () => {
      for (const sum of [make(config), make(config, 'fixed')]) {
        expect(sum.variables.size).toBe(0);
        const { total, terms } = sum.evaluate(classified());
        const { supCon, crossEntropy, valence } = valuesOf(terms) as Record<keyof typeof config, number>;
        expect(scalarOf(total)).toBeCloseTo(0.5 * supCon + crossEntropy + 2 * valence, 5);
        expect(Object.keys(sum.counts(Int32Array.of(0, 1))).filter((name) => name.startsWith('balance'))).toEqual([]);
      }
    });
  });
});

test('weights are fixed or learned by uncertainty', () => {
  expect(balancingSchema.options).toEqual(['fixed', 'uncertainty']);
});

test('tells what its terms need and whether they decompose', () => {
  const sum = make({ vectorSpacePreservation: { weight: 3 }, supCon: {} });
  expect(sum.needs).toEqual(new Set(['projections', 'labels', 'frozen']));
  expect(sum.terms).toEqual([
    { name: 'supCon', weight: 1, needs: ['projections', 'labels'] },
    { name: 'vectorSpacePreservation', weight: 3, needs: ['frozen'] },
  ]);
  expect(make({ vectorSpacePreservation: {} }).needs).toEqual(new Set(['frozen']));
});

test('counts by the name of the term', () => {
  const counts = make({ supCon: {}, vectorSpacePreservation: {} }).counts(Int32Array.of(0, 0, 1));
  expect(counts).toEqual({ 'supCon.loneAnchors': 1, 'supCon.usableAnchors': 2, 'supCon.positivesPerAnchor': 1 });
});

describe('objectiveSchema', () => {
  test('fills in defaults', () => {
    expect(objectiveSchema.parse({ supCon: {}, vectorSpacePreservation: { weight: 10 } })).toEqual({
      supCon: { temperature: 0.1, denominator: 'out', weight: 1 },
      vectorSpacePreservation: { reduction: 'mean', weight: 10 },
    });
  });

  test.each([
    {},
    { supCon: { weight: 0 } },
    { supCon: { weight: -1 } },
    { supCon: { tau: 0.1 } },
    { simCse: {} },
  ])('refuses %j', (config) => {
    expect(objectiveSchema.safeParse(config).success).toBe(false);
  });

  test('names the terms when none is trained', () => {
    const { error } = objectiveSchema.safeParse({ supCon: { weight: 0 } });
    expect(error?.issues[0]?.message).toBe(
      `at least one term with a weight above 0; the terms are ${Object.keys(objectives).join(', ')}`,
    );
  });

  test('the compiler knows every option of every term', () => {
    type Input = z.input<typeof objectiveSchema>;
    expectTypeOf<keyof Input>().toEqualTypeOf<keyof typeof objectives>();
    expectTypeOf<NonNullable<Input['supCon']>['temperature']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<NonNullable<Input['supCon']>['denominator']>().toEqualTypeOf<'out' | 'in' | undefined>();
    expectTypeOf<NonNullable<Input['vectorSpacePreservation']>['weight']>().toEqualTypeOf<number | undefined>();
    // @ts-expect-error: an option that no term has
    objectiveSchema.safeParse({ supCon: { tau: 0.1 } } satisfies Input);
  });
});

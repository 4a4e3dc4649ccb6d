import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { adamW } from '../../src/training/optimiser.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';

type Values = Record<string, number[]>;

/** Written by golden/adamW.py. */
const golden: {
  options: { weightDecay: number; beta1: number; beta2: number; epsilon: number };
  shapes: Values;
  initial: Values;
  steps: { learningRate: number; gradients: Values; values: Values }[];
} = JSON.parse(readFileSync(new URL('golden/adamW.json', import.meta.url), 'utf8'));

function tensorsOf(values: Values): Map<string, tf.Tensor> {
  return new Map(Object.entries(values).map(([name, data]) => [name, tf.tensor(data, golden.shapes[name])]));
}

function variablesOf(values: Values): Map<string, tf.Variable> {
  return new Map([...tensorsOf(values)].map(([name, tensor]) => [name, tf.variable(tensor)]));
}

onEachEngine('adamW', () => {
  test("follows PyTorch's trajectory", () => {
    const variables = variablesOf(golden.initial);
    const optimiser = adamW(golden.options);
    for (const { learningRate, gradients, values } of golden.steps) {
      optimiser.apply(variables, tensorsOf(gradients), { learningRate });
      for (const [name, variable] of variables) {
        for (const [i, value] of variable.dataSync().entries()) {
          expect(Math.abs(value - (values[name]?.[i] ?? Number.NaN)), name).toBeLessThan(2e-6);
        }
      }
    }
  });

  test('multiplies the gradients by the scale that clips them', () => {
    const { gradients, learningRate, values } = golden.steps[0] as (typeof golden.steps)[number];
    const variables = variablesOf(golden.initial);
    const larger = new Map([...tensorsOf(gradients)].map(([name, gradient]) => [name, tf.mul(gradient, 4)]));
    adamW(golden.options).apply(variables, larger, { learningRate, gradientScale: 0.25 });
    for (const [name, variable] of variables) {
      for (const [i, value] of variable.dataSync().entries()) expect(value).toBeCloseTo(values[name]?.[i] ?? 0, 5);
    }
  });

  test('changes nothing but the variable, which may have shared its data until now', () => {
    const start = tf.ones([2]);
    const variable = tf.variable(start);
    adamW({ weightDecay: 0 }).apply(new Map([['weight', variable]]), new Map([['weight', tf.ones([2])]]), {
      learningRate: 0.1,
    });
    expect(start.dataSync()).toEqual(Float32Array.of(1, 1));
    expect(variable.dataSync()[0]).toBeCloseTo(0.9, 5);
  });

  test('takes weight decay off weights, not off biases and LayerNorm', () => {
    const names = [
      'encoder.layer.0.output.dense.weight',
      'dense.bias',
      'LayerNorm.weight',
      'sa_layer_norm.weight',
      'head.bias',
    ];
    const variables = new Map(names.map((name) => [name, tf.variable(tf.ones([2]))]));
    const gradients = new Map(names.map((name) => [name, tf.zeros([2])]));
    adamW({ weightDecay: 0.5 }).apply(variables, gradients, { learningRate: 0.1 });
    const values = names.map((name) => variables.get(name)?.dataSync()[0] ?? Number.NaN);
    expect(values[0]).toBeCloseTo(0.95, 6);
    expect(values.slice(1)).toEqual([1, 1, 1, 1]);
  });

  test('leaves a variable without a gradient as it is, and ignores gradients of others', () => {
    const variables = new Map([['weight', tf.variable(tf.ones([2]))]]);
    adamW({ weightDecay: 0.5 }).apply(variables, new Map([['other', tf.ones([2])]]), { learningRate: 0.1 });
    expect(variables.get('weight')?.dataSync()).toEqual(Float32Array.of(1, 1));
  });

  test('holds two tensors a variable from the first step on, and none once disposed', () => {
    const variables = variablesOf(golden.initial);
    const gradients = tensorsOf(golden.steps[0]?.gradients ?? {});
    const optimiser = adamW({ weightDecay: 0.01 });
    expect(leakedTensors(() => optimiser.apply(variables, gradients, { learningRate: 0.1 }))).toBe(2 * variables.size);
    const steps = () => {
      for (let step = 0; step < 50; step++) optimiser.apply(variables, gradients, { learningRate: 0.1 });
    };
    expect(leakedTensors(steps)).toBe(0);
    expect(leakedTensors(() => optimiser.dispose())).toBe(-2 * variables.size);
  });
});

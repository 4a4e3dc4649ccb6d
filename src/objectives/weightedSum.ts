import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { objectives } from './index.ts';
import type { Activation, InputsWith, Need, Objective, ObjectiveInputs } from './objective.ts';
import { uncertaintyWeighting } from './uncertaintyWeighting.ts';

type Objectives = typeof objectives;
type Name = keyof Objectives;
type Schemas = { [K in Name]: Objectives[K]['schema'] };
type Needs = { [K in Name]: Objectives[K]['needs'][number] };

/** λ of a term. 0: the term is evaluated and logged, but not trained on. */
const weight = z.number().min(0).default(1);
type Weighted<S> =
  S extends z.ZodObject<infer Shape> ? z.ZodObject<Shape & { weight: typeof weight }, z.core.$strict> : never;

const terms = Object.fromEntries(
  Object.entries(objectives).map(([name, { schema }]: [string, { schema: z.ZodObject }]) => [
    name,
    schema.extend({ weight }).nullish(),
  ]),
) as unknown as { [K in Name]: z.ZodOptional<z.ZodNullable<Weighted<Schemas[K]>>> };

/** The `objective` part of an experiment: the terms of a weighted sum, each with its options and its weight; null: without. */
export const objectiveSchema = z
  .strictObject(terms)
  .refine((config) => Object.values(config).some((term) => term && term.weight > 0), {
    message: `at least one term with a weight above 0; the terms are ${Object.keys(objectives).join(', ')}`,
  });
export type ObjectiveConfig = z.output<typeof objectiveSchema>;

/** Whether the terms keep the weights of the experiment, or have them multiplied by ones that are learned. */
export const balancingSchema = z.enum(['fixed', 'uncertainty']);
export type Balancing = z.output<typeof balancingSchema>;

interface Term {
  readonly name: string;
  readonly weight: number;
  readonly needs: readonly Need[];
}

/** L = Σ weight · term. */
export interface WeightedSum {
  readonly terms: readonly Term[];
  /** What the terms ask for together. */
  readonly needs: ReadonlySet<Need>;
  /** Of the classification head: sigmoid if binaryCrossEntropy is among the terms. */
  readonly activation: Activation;
  /** What is trained of the sum itself, by name. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /**
   * The sum, each term before its weight, and each term times its weight. A term of weight 0 whose inputs are missing
   * is left out. The caller disposes the tensors or calls this inside a tidy.
   */
  evaluate(inputs: ObjectiveInputs): {
    total: tf.Scalar;
    terms: Record<string, tf.Scalar>;
    weighted: Record<string, tf.Scalar>;
  };
  /** What the terms report of a batch, as `term.count`, e.g. `supCon.loneAnchors`, and learned weights as `balance.term`. */
  counts(labels: Int32Array): Record<string, number>;
}

/** Makes the loss that a configuration describes. Its variables, if it has any, are the caller's to dispose. */
export function weightedSum(config: ObjectiveConfig, balancing: Balancing = 'fixed'): WeightedSum {
  const bound = (Object.keys(objectives) as Name[]).flatMap((name) => bind(name, config[name]) ?? []);
  const activation = config.binaryCrossEntropy ? 'sigmoid' : 'softmax';
  const trainedTerms = bound.filter(({ weight }) => weight > 0).map(({ name }) => name);
  const learned = balancing === 'uncertainty' ? uncertaintyWeighting(trainedTerms) : undefined;
  return {
    activation,
    variables: learned?.variables ?? new Map(),
    terms: bound.map(({ name, weight, needs }) => ({ name, weight, needs })),
    needs: new Set(bound.flatMap((term) => term.needs)),
    evaluate(inputs) {
      const values = bound.flatMap((term) => {
        const value = term.evaluate({ ...inputs, activation });
        return value ? [{ ...term, value }] : [];
      });
      const weighted = values.map(({ name, weight, value, isRegression }) => {
        const fixed = tf.mul(value, weight) as tf.Scalar;
        return [name, learned?.balanced(name, fixed, isRegression) ?? fixed] as const;
      });
      const trained = values.flatMap(({ weight }, i) => (weight > 0 ? (weighted[i]?.[1] ?? []) : []));
      return {
        total: tf.addN(trained),
        terms: Object.fromEntries(values.map(({ name, value }) => [name, value])),
        weighted: Object.fromEntries(weighted),
      };
    },
    counts(labels) {
      const named = (prefix: string, values: Record<string, number>) =>
        Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value] as const);
      return Object.fromEntries([
        ...bound.flatMap((term) => named(term.name, term.counts(labels))),
        ...named('balance', learned?.weights() ?? {}),
      ]);
    },
  };
}

function bind<K extends Name>(name: K, options: (z.output<Schemas[K]> & { weight: number }) | null | undefined) {
  if (!options) return undefined;
  const table: { [P in Name]: Objective<Schemas[P], Needs[P]> } = objectives;
  const objective = table[name];
  return {
    name,
    weight: options.weight,
    needs: objective.needs as readonly Need[],
    isRegression: objective.isRegression ?? false,
    counts: (labels: Int32Array) => objective.counts?.(labels) ?? {},
    evaluate(inputs: ObjectiveInputs): tf.Scalar | undefined {
      if (provides(inputs, objective.needs)) return objective.loss(inputs, options);
      if (options.weight === 0) return undefined;
      throw new Error(`objective ${name} needs ${objective.needs.join(', ')}`);
    },
  };
}

function provides<N extends Need>(inputs: ObjectiveInputs, needs: readonly N[]): inputs is InputsWith<N> {
  return needs.every((need) => inputs[need] !== null && inputs[need] !== undefined);
}

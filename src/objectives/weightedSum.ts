import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { objectives } from './index.ts';
import type { InputsWith, Need, Objective, ObjectiveInputs } from './objective.ts';

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
    schema.extend({ weight }).optional(),
  ]),
) as unknown as { [K in Name]: z.ZodOptional<Weighted<Schemas[K]>> };

/** The `objective` part of an experiment: the terms of a weighted sum, each with its options and its weight. */
export const objectiveSchema = z
  .strictObject(terms)
  .refine((config) => Object.values(config).some((term) => term !== undefined && term.weight > 0), {
    message: `at least one term with a weight above 0; the terms are ${Object.keys(objectives).join(', ')}`,
  });
export type ObjectiveConfig = z.output<typeof objectiveSchema>;

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
  /**
   * The sum, each term before its weight, and each term times its weight. A term of weight 0 whose inputs are missing
   * is left out. The caller disposes the tensors or calls this inside a tidy.
   */
  evaluate(inputs: ObjectiveInputs): {
    total: tf.Scalar;
    terms: Record<string, tf.Scalar>;
    weighted: Record<string, tf.Scalar>;
  };
  /** What the terms report of a batch, as `term.count`, e.g. `supCon.loneAnchors`. */
  counts(labels: Int32Array): Record<string, number>;
}

/** Makes the loss that a configuration describes. */
export function weightedSum(config: ObjectiveConfig): WeightedSum {
  const bound = (Object.keys(objectives) as Name[]).flatMap((name) => bind(name, config[name]) ?? []);
  return {
    terms: bound.map(({ name, weight, needs }) => ({ name, weight, needs })),
    needs: new Set(bound.flatMap((term) => term.needs)),
    evaluate(inputs) {
      const values = bound.flatMap((term) => {
        const value = term.evaluate(inputs);
        return value ? [{ ...term, value }] : [];
      });
      const weighted = values.map(({ name, weight, value }) => [name, tf.mul(value, weight) as tf.Scalar] as const);
      const trained = values.flatMap(({ weight }, i) => (weight > 0 ? (weighted[i]?.[1] ?? []) : []));
      return {
        total: tf.addN(trained),
        terms: Object.fromEntries(values.map(({ name, value }) => [name, value])),
        weighted: Object.fromEntries(weighted),
      };
    },
    counts(labels) {
      return Object.fromEntries(
        bound.flatMap((term) =>
          Object.entries(term.counts(labels)).map(([count, value]) => [`${term.name}.${count}`, value]),
        ),
      );
    },
  };
}

function bind<K extends Name>(name: K, options: (z.output<Schemas[K]> & { weight: number }) | undefined) {
  if (options === undefined) return undefined;
  const table: { [P in Name]: Objective<Schemas[P], Needs[P]> } = objectives;
  const objective = table[name];
  return {
    name,
    weight: options.weight,
    needs: objective.needs as readonly Need[],
    counts: (labels: Int32Array) => objective.counts?.(labels) ?? {},
    evaluate(inputs: ObjectiveInputs): tf.Scalar | undefined {
      if (provides(inputs, objective.needs)) return objective.loss(inputs, options);
      if (options.weight === 0) return undefined;
      throw new Error(`objective ${name} needs ${objective.needs.join(', ')}`);
    },
  };
}

function provides<N extends Need>(inputs: ObjectiveInputs, needs: readonly N[]): inputs is InputsWith<N> {
  return needs.every((need) => inputs[need] !== null);
}

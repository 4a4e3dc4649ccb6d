import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { stream } from '../random.ts';
import { architectureOf, type LayerNames } from './architecture.ts';
import { createEncoder, type Encoder } from './encoder.ts';

const targets = ['query', 'key', 'value', 'attentionOutput', 'intermediate', 'output'] as const;

/** Low-rank adaptation (Hu et al. 2021, arXiv 2106.09685). */
export const loraSchema = z.strictObject({
  /** r: columns of B and rows of A. */
  rank: z.int().positive().default(8),
  /** α: the product BA is added α / r times. */
  alpha: z.number().positive().default(16),
  /** Dense layers of each block that are adapted. */
  targets: z
    .array(z.enum(targets))
    .min(1, 'at least one dense layer')
    .refine((names) => new Set(names).size === names.length, 'each layer once')
    .default(['query', 'value']),
  /** What is written into the cell's folder: the whole encoder with the adapters `merged` into it, or the `adapters` alone. */
  save: z.enum(['merged', 'adapters']).default('merged'),
});

export type LoraOptions = z.output<typeof loraSchema>;

/** The adapter of one weight: W + scale · B A. */
export interface LoraAdapter {
  /** [rank, inputs] */
  readonly a: tf.Variable<tf.Rank.R2>;
  /** [outputs, rank] */
  readonly b: tf.Variable<tf.Rank.R2>;
}

/** An encoder whose `variables` are adapters; the weights below them stay those of the encoder that it was made of. */
export interface AdaptedEncoder extends Encoder {
  readonly options: LoraOptions;
  /** By the names of the weights that they adapt. */
  readonly adapters: ReadonlyMap<string, LoraAdapter>;
  /** Adds the adapters to the weights below, which are the encoder that it was made of, and sets the adapters to zero. */
  merge(): void;
}

/** Names of the modules that are adapted, as the encoder's files have them. */
export function adaptedModules({ config, source }: Pick<Encoder, 'config' | 'source'>, options: LoraOptions): string[] {
  return Array.from({ length: config.layers }, (_, layer) => {
    const names: LayerNames = architectureOf(config).layerNames(layer);
    return options.targets.map((target) => source.prefix + names[target]);
  }).flat();
}

/**
 * Low-rank adapters on an encoder, whose own weights are left alone: W x becomes (W + α/r · B A) x. A is drawn as PEFT
 * draws it, uniform on ±1/√inputs, and B is zero, so that nothing changes before the first step.
 *
 * @param encoder stays the caller's, and is what the result computes with
 */
export function withLora(encoder: Encoder, options: LoraOptions, seed: number): AdaptedEncoder {
  const scale = options.alpha / options.rank;
  const adapters = new Map<string, LoraAdapter>();
  for (const module of adaptedModules(encoder, options)) {
    const weight = `${module}.weight`;
    const [outputs, inputs] = (encoder.variables.get(weight) as tf.Variable).shape as [number, number];
    const random = stream(seed, 'lora', module);
    const bound = 1 / Math.sqrt(inputs);
    const drawn = Float32Array.from({ length: options.rank * inputs }, () => (2 * random.uniform() - 1) * bound);
    adapters.set(
      weight,
      tf.tidy(() => ({
        a: tf.variable(tf.tensor2d(drawn, [options.rank, inputs])),
        b: tf.variable(tf.zeros<tf.Rank.R2>([outputs, options.rank])),
      })),
    );
  }
  const change = ({ a, b }: LoraAdapter) => tf.mul(tf.matMul(b, a), scale);
  const variables = new Map(
    [...adapters].flatMap(([weight, { a, b }]): [string, tf.Variable][] => {
      const module = weight.slice(0, -'.weight'.length);
      return [
        [`${module}.lora_A.weight`, a],
        [`${module}.lora_B.weight`, b],
      ];
    }),
  );
  const adapted = createEncoder({ ...encoder, variables }, (name) => {
    const found = encoder.variables.get(name);
    const adapter = adapters.get(name);
    return found && adapter ? tf.add(found, change(adapter)) : found;
  });
  return {
    ...adapted,
    options,
    adapters,
    merge() {
      for (const [name, adapter] of adapters) {
        const weight = encoder.variables.get(name) as tf.Variable;
        const merged = tf.tidy(() => tf.add(weight, change(adapter)));
        weight.assign(merged);
        const none = tf.zerosLike(adapter.b);
        adapter.b.assign(none);
        tf.dispose([merged, none]);
      }
    },
  };
}

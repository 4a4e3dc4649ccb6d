import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { stream } from '../random.ts';
import type { HeadKind } from './headKind.ts';
import { linear } from './linear.ts';
import { mlp } from './mlp.ts';

/** Every head by the `kind` that an experiment names. A new one is its file and a line here. */
export const heads = { linear, mlp } as const;

type Kind = keyof typeof heads;
type Schemas = { [K in Kind]: (typeof heads)[K]['schema'] };
type Configs = { [K in Kind]: z.output<Schemas[K]> };

/** The `head` part of an experiment; `kind` tells which options apply. */
export const headSchema = z.discriminatedUnion(
  'kind',
  Object.values(heads).map((head) => head.schema) as [Schemas[Kind], ...Schemas[Kind][]],
);
export type HeadConfig = z.output<typeof headSchema>;

/** Maps embeddings to the sphere on which the contrastive loss compares them; discarded after training. */
export interface ProjectionHead {
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** [B, inputSize] → [B, out], every row of length 1; a row of zeros stays zero. */
  project(h: tf.Tensor2D): tf.Tensor2D;
}

/** A new head; its start follows from the seed alone. */
export function createHead<K extends Kind>(
  config: Configs[K] & { kind: K },
  inputSize: number,
  seed: number,
): ProjectionHead {
  const kinds: { [P in Kind]: HeadKind<Schemas[P]> } = heads;
  const { variables, forward } = kinds[config.kind].create(config, inputSize, stream(seed, 'head'));
  return {
    variables,
    project: (h) => tf.tidy(() => normaliseRows(forward(h))),
  };
}

/** The bound keeps the gradient of a zero row finite; it is the square of the one in torch.nn.functional.normalize. */
function normaliseRows(x: tf.Tensor2D): tf.Tensor2D {
  return tf.div(x, tf.sqrt(tf.maximum(tf.sum(tf.square(x), 1, true), 1e-24)));
}

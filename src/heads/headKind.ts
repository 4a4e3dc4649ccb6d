import type * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import type { RandomStream } from '../random.ts';

/** The trainable part of a head, before the normalisation that all heads share. */
interface HeadBody {
  /** By the name that the parameter would have in a PyTorch module called `head`. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** [B, inputSize] → [B, out] */
  forward(h: tf.Tensor2D): tf.Tensor2D;
}

/** One shape of projection head. */
export interface HeadKind<Schema extends z.ZodObject = z.ZodObject> {
  /** A strict object with defaults; its `kind` is the literal name under which the head is registered. */
  readonly schema: Schema;
  create(options: z.output<Schema>, inputSize: number, random: RandomStream): HeadBody;
}

/** An identity function that checks a head's type. */
export function defineHead<Schema extends z.ZodObject>(kind: HeadKind<Schema>): HeadKind<Schema> {
  return kind;
}

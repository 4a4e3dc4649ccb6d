import * as tf from '@tensorflow/tfjs-core';
import type { Need } from '../objectives/objective.ts';
import { type ClassificationHead, createClassificationHead } from './classificationHead.ts';
import { createHead, type HeadConfig, type ProjectionHead } from './projectionHead.ts';

/** What stands on top of an encoder in training: the heads that an objective needs. */
export interface Heads {
  readonly projection: ProjectionHead | null;
  readonly classification: ClassificationHead | null;
  /** Of all of them, by name. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  dispose(): void;
}

export interface HeadsOptions {
  /** There if projections are needed. */
  readonly projection?: HeadConfig;
  /** Classes of each task, there if logits are needed. */
  readonly classes?: readonly number[];
  /** Width of the embeddings. */
  readonly inputSize: number;
  readonly seed: number;
}

/**
 * New heads for an objective with these needs; their start follows from the seed alone.
 *
 * @throws RangeError if what a needed head is made of is missing
 */
export function createHeads(
  needs: ReadonlySet<Need>,
  { projection: config, classes, inputSize, seed }: HeadsOptions,
): Heads {
  if (needs.has('projections') && !config) throw new RangeError('expected a projection head');
  if (needs.has('logits') && !classes) throw new RangeError('expected classes');
  const projection = needs.has('projections') && config ? createHead(config, inputSize, seed) : null;
  const classification = needs.has('logits') && classes ? createClassificationHead(classes, inputSize, seed) : null;
  const variables = new Map([...(projection?.variables ?? []), ...(classification?.variables ?? [])]);
  return { projection, classification, variables, dispose: () => tf.dispose([...variables.values()]) };
}

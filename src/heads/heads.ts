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
  readonly projection: HeadConfig;
  /** Classes of each task that the classification head is for. */
  readonly classes: readonly number[];
  /** Width of the embeddings. */
  readonly inputSize: number;
  readonly seed: number;
}

/** New heads for an objective with these needs; their start follows from the seed alone. */
export function createHeads(
  needs: ReadonlySet<Need>,
  { projection: config, classes, inputSize, seed }: HeadsOptions,
): Heads {
  const projection = needs.has('projections') ? createHead(config, inputSize, seed) : null;
  const classification = needs.has('logits') ? createClassificationHead(classes, inputSize, seed) : null;
  const variables = new Map([...(projection?.variables ?? []), ...(classification?.variables ?? [])]);
  return { projection, classification, variables, dispose: () => tf.dispose([...variables.values()]) };
}

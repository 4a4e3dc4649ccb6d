import * as tf from '@tensorflow/tfjs-core';
import type { Encoder } from '../encoders/encoder.ts';
import type { Need } from '../objectives/objective.ts';
import { type AffectHead, createAffectHead } from './affectHead.ts';
import { type ClassificationHead, type ClassificationOptions, createClassificationHead } from './classificationHead.ts';
import { createHead, type HeadConfig, type ProjectionHead } from './projectionHead.ts';

/** What stands on top of an encoder in training: the heads that an objective needs. */
export interface Heads {
  readonly projection: ProjectionHead | null;
  readonly classification: ClassificationHead | null;
  readonly affect: AffectHead | null;
  /** Of all of them, by name. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  dispose(): void;
}

export interface HeadsOptions {
  /** There if projections are needed. */
  readonly projection?: HeadConfig;
  /** There if logits are needed. */
  readonly classification?: ClassificationOptions;
  /** What they stand on. */
  readonly encoder: Pick<Encoder, 'config' | 'source'>;
  readonly seed: number;
}

/**
 * New heads for an objective with these needs; their start follows from the seed and the encoder alone.
 *
 * @throws RangeError if what a needed head is made of is missing
 */
export function createHeads(
  needs: ReadonlySet<Need>,
  { projection: config, classification: classes, encoder, seed }: HeadsOptions,
): Heads {
  if (needs.has('projections') && !config) throw new RangeError('expected a projection head');
  if (needs.has('logits') && !classes) throw new RangeError('expected classes');
  const projection = needs.has('projections') && config ? createHead(config, encoder.config.hiddenSize, seed) : null;
  const classification = needs.has('logits') && classes ? createClassificationHead(classes, encoder, seed) : null;
  const affect = needs.has('affect') ? createAffectHead(encoder.config.hiddenSize, seed) : null;
  const all = [projection, classification, affect];
  const variables = new Map(all.flatMap((head) => [...(head?.variables ?? [])]));
  return { projection, classification, affect, variables, dispose: () => tf.dispose([...variables.values()]) };
}

import { z } from 'zod';
import { mPerClass } from './mPerClass.ts';
import type { Sampler, SamplerKind } from './sampler.ts';
import { shuffled } from './shuffled.ts';
import { stratified } from './stratified.ts';

/** Every sampler by the `kind` that an experiment names. A new one is its file and a line here. */
export const samplers = { mPerClass, stratified, shuffled } as const;

type Kind = keyof typeof samplers;
type Schemas = { [K in Kind]: (typeof samplers)[K]['schema'] };
type Configs = { [K in Kind]: z.output<Schemas[K]> };

/** The `sampler` part of an experiment; `kind` tells which options apply. */
export const samplerSchema = z.discriminatedUnion(
  'kind',
  Object.values(samplers).map((sampler) => sampler.schema) as [Schemas[Kind], ...Schemas[Kind][]],
);
export type SamplerConfig = z.output<typeof samplerSchema>;

/**
 * @param labels the label of each training item, an index into `labelNames`
 * @throws UserError (`SAMPLER_…`) with every reason why the configuration cannot be met on these labels
 */
export function createSampler<K extends Kind>(
  config: Configs[K] & { kind: K },
  labels: Int32Array,
  seed: number,
  labelNames: readonly string[],
): Sampler {
  const kinds: { [P in Kind]: SamplerKind<Schemas[P]> } = samplers;
  return kinds[config.kind].create(labels, config, seed, labelNames);
}

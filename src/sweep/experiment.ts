import { z } from 'zod';
import { samplerSchema } from '../../samplers/index.ts';
import { dataSchema } from '../data/corpus.ts';
import { poolingSchema } from '../encoders/pooling.ts';
import { segmentsSchema } from '../encoders/tokenTypes.ts';
import { type Precision, precisionSchema } from '../engine/engine.ts';
import { evaluationSchema } from '../evaluation/index.ts';
import { classifierSchema } from '../heads/classificationHead.ts';
import { headSchema } from '../heads/projectionHead.ts';
import { balancingSchema, objectiveSchema } from '../objectives/weightedSum.ts';
import { trainingSchema } from '../training/options.ts';

/** Everything that changes a number in a run, the seed apart. */
export const settingsSchema = z.strictObject({
  data: dataSchema.prefault({}),
  /** A Hugging Face folder, `owner/name` on the hub, or `mini`, the encoder that comes with the project. */
  encoder: z.string().min(1).default('mini'),
  /** How a text's hidden states become its embedding. */
  pooling: poolingSchema.default('cls'),
  /** Of a corpus with contexts: how many segments the encoder tells apart, its own number or two. */
  segments: segmentsSchema.default('own'),
  /** Longest text in tokens, special tokens included; longer ones are cut and counted. */
  maxLength: z.int().min(3).default(128),
  /** Of an encoder's matrix products. `auto`: the fastest that this machine has, and by which the run is then known. */
  precision: z.enum(['auto', ...precisionSchema.options]).default('auto'),
  /** Of contrastive objectives; discarded after training. */
  head: headSchema.prefault({ kind: 'linear' }),
  /** Of objectives that classify. */
  classifier: classifierSchema.prefault({}),
  objective: objectiveSchema,
  /** Of the objective's terms. */
  balancing: balancingSchema.default('fixed'),
  sampler: samplerSchema,
  training: trainingSchema,
  evaluation: evaluationSchema.prefault({}),
});

/** Fully resolved settings: defaults filled in, nothing optional left open. */
export type Settings = Omit<z.output<typeof settingsSchema>, 'precision'> & { readonly precision: Precision };
export type SettingsInput = z.input<typeof settingsSchema>;

type Plain = string | number | boolean | null | readonly unknown[];

/** Dotted paths of everything that can be set, e.g. `objective.supCon.temperature`. */
export type SettingPath<T = SettingsInput> = T extends Plain
  ? never
  : T extends object
    ? { [K in keyof T & string]: K | `${K}.${SettingPath<NonNullable<T[K]>>}` }[keyof T & string]
    : never;

/** The type of the setting at a path. */
export type SettingAt<P extends string, T = SettingsInput> = T extends object
  ? P extends `${infer Head}.${infer Rest}`
    ? Head extends keyof T
      ? SettingAt<Rest, NonNullable<T[Head]>>
      : never
    : P extends keyof T
      ? Exclude<T[P], undefined>
      : never
  : never;

/** The axes of a grid: for each path the values to try. The compiler checks names and value types. */
export type Grid = { readonly [P in SettingPath]?: readonly SettingAt<P>[] };

/** An experiment as its file writes it: settings, the grid over some of them, and the seeds of each grid point. */
export interface Experiment extends SettingsInput {
  /** Names the results folder. */
  readonly name: string;
  /** Every combination of these values is run; the settings above hold for the rest. */
  readonly grid?: Grid;
  /**
   * Metrics that the table shows beside Δemb, the most important first; `*` stands for a part of a name, such as any task
   * in `*.knn.macroF1`. Default: accuracy and macro F1 of kNN.
   */
  readonly columns?: readonly string[];
  /** Each grid point is run once a seed; intervals and paired differences are over seeds. Default: 1, 2, 3. */
  readonly seeds?: readonly number[];
}

/**
 * Declares an experiment. The identity for the type checker, so that a wrong name or value fails the compiler; what
 * it returns is frozen, JSON-serialisable data.
 *
 * @example
 * export default defineExperiment({
 *   name: 'temperature',
 *   objective: { supCon: {}, vectorSpacePreservation: { weight: 1 } },
 *   sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
 *   training: { steps: 100 },
 *   grid: { 'objective.supCon.temperature': [0.05, 0.1, 0.3] },
 * });
 */
export function defineExperiment(experiment: Experiment): Experiment {
  return deepFreeze(structuredClone(experiment));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

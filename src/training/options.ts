import { z } from 'zod';
import { loraSchema } from '../encoders/lora.ts';
import { freezeSchema } from './freezing.ts';

/** When training ends before its last step. Both conditions are looked at in every validation. */
const stopWhenSchema = z.strictObject({
  /** Drift budget: stop as soon as Δemb on the validation texts reaches this value. Default: no budget. */
  deltaEmb: z.number().positive().optional(),
  /** Plateau: stop after this many validations in a row without a better score. Default: never. */
  patience: z.int().positive().optional(),
});

/** Metrics of a validation that can choose the best weights; those of `classifier` where there is a classification head. */
const monitors = [
  'knn.macroF1',
  'classifier.logLoss',
  'classifier.accuracy',
  'classifier.macroF1',
  'classifier.weightedF1',
] as const;

/** How an encoder is trained. All of it but `save` is part of a cell's identity. */
export const trainingSchema = z
  .strictObject({
    /** Optimiser steps. Give either this or `epochs`. */
    steps: z.int().positive().optional(),
    /** Passes of the sampler; a fraction is allowed. Give either this or `steps`. */
    epochs: z.number().positive().optional(),
    /** Peak learning rate of AdamW. Default 1e-4: few steps learn too little at the 2e-5 usual in fine-tuning. */
    learningRate: z.number().positive().default(1e-4),
    /** Peak learning rate of the heads. Default: the encoder's. */
    headLearningRate: z.number().positive().optional(),
    /** Share of the steps with linear warm-up, 0–1. */
    warmup: z.number().min(0).max(1).default(0.1),
    /** What the learning rate does after the warm-up; linear and cosine end at 0. */
    schedule: z.enum(['linear', 'cosine', 'constant']).default('linear'),
    /** Decoupled weight decay; biases and LayerNorm are exempt. */
    weightDecay: z.number().min(0).default(0.01),
    /** Largest global gradient norm; 0 switches clipping off. */
    clipNorm: z.number().min(0).default(1),
    /** Micro-batches a batch is computed in. The update is that of the whole batch, for every objective. */
    accumulate: z.int().positive().default(1),
    /** Dropout probability in hidden states, attention and classification heads. Default: what the encoder's config.json says. */
    dropout: z.number().min(0).max(0.9).optional(),
    freeze: freezeSchema.prefault({}),
    /** Trains low-rank adapters in place of the encoder's weights, and the heads; null: the weights themselves. */
    lora: loraSchema.nullable().default(null),
    /** Validate every so many steps, or after each `epoch`; 0: never, or once after the last step if `checkpoint` is best. */
    validateEvery: z.union([z.int().min(0), z.literal('epoch')]).default(0),
    /** By which validation metric the best weights are chosen, and a plateau is known. */
    monitor: z.enum(monitors).default('knn.macroF1'),
    /**
     * Log each term's gradient norm and their cosine every so many steps; 0: never. One more backward pass a term, of
     * the whole batch, and so not with `accumulate` above 1.
     */
    conflictEvery: z.int().min(0).default(25),
    stopWhen: stopWhenSchema.prefault({}),
    /** Which weights are kept and evaluated: those of the best validation score or of the last step. */
    checkpoint: z.enum(['best', 'last']).default('last'),
    /** Whether the retrofitted encoder is written into the cell's folder. */
    save: z.boolean().default(true),
  })
  .refine((t) => (t.steps === undefined) !== (t.epochs === undefined), {
    message: 'either steps or epochs, not both and not neither',
    path: ['steps'],
  })
  .refine((t) => t.validateEvery !== 0 || (t.stopWhen.deltaEmb === undefined && t.stopWhen.patience === undefined), {
    message: 'validateEvery above 0 or epoch, since stopWhen is looked at in validations',
    path: ['validateEvery'],
  });

export type TrainingOptions = z.output<typeof trainingSchema>;

/** Whether there is any validation. */
export function validates({ validateEvery, checkpoint }: TrainingOptions): boolean {
  return validateEvery !== 0 || checkpoint === 'best';
}

import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Sampler } from '../../samplers/sampler.ts';
import type { Encoder } from '../encoders/encoder.ts';
import type { Pooling } from '../encoders/pooling.ts';
import type { Matrix } from '../evaluation/matrix.ts';
import type { Heads } from '../heads/heads.ts';
import type { GradientConflict } from '../objectives/gradientConflict.ts';
import type { Classes } from '../objectives/objective.ts';
import type { WeightedSum } from '../objectives/weightedSum.ts';
import { collate } from '../text/batch.ts';
import type { TokenSequences } from '../text/tokenSequences.ts';
import { batchGradients, conflictAt } from './batchGradients.ts';
import { Checkpoint } from './checkpoint.ts';
import { clippingScale } from './clipping.ts';
import { adamW } from './optimiser.ts';
import type { TrainingOptions } from './options.ts';
import { learningRateAt } from './schedule.ts';

/** What one training needs. The encoder and the heads are changed in place. */
export interface Training {
  readonly encoder: Encoder;
  /** Those that the objective needs. */
  readonly heads: Heads;
  readonly pooling: Pooling;
  readonly objective: WeightedSum;
  readonly sampler: Sampler;
  readonly texts: TokenSequences;
  /** Class of each text. */
  readonly labels: Int32Array;
  /** There if an objective needs them. */
  readonly classes?: Classes;
  /** How strong each class is in each text, [texts, classes]; there if an objective needs it. */
  readonly targets?: Matrix | null;
  /** The frozen encoder's embedding of each text, [texts, d]; needed by objectives that preserve. */
  readonly frozen: Matrix | null;
  readonly options: TrainingOptions;
  readonly seed: number;
  /** Measures on held-out texts, dropout off. `score` (higher is better) chooses the best step. */
  readonly validate?: () => Promise<ValidationResult>;
  readonly onStep?: (report: StepReport) => void;
  readonly onValidation?: (step: number, result: ValidationResult) => void;
}

export interface ValidationResult {
  readonly score: number;
  readonly deltaEmb: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface StepReport {
  /** 1-based. */
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  readonly learningRate: number;
  readonly loss: number;
  /** Each term before its weight. */
  readonly terms: Readonly<Record<string, number>>;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly conflict?: GradientConflict;
}

export interface TrainingOutcome {
  readonly status: 'completed' | 'stopped' | 'diverged';
  /** Why it stopped or diverged. */
  readonly reason?: string;
  /** Updates made. */
  readonly steps: number;
  /** The step whose weights the encoder holds now. */
  readonly keptStep: number;
}

/** Optimiser steps of a training with this sampler. */
export function totalSteps(options: TrainingOptions, sampler: Pick<Sampler, 'batchesPerEpoch'>): number {
  return options.steps ?? Math.max(1, Math.round((options.epochs ?? 1) * sampler.batchesPerEpoch));
}

/**
 * Trains an encoder and its heads on a weighted sum of objectives.
 *
 * Batches, dropout and the heads' start follow from the seed: the same seed on the same engine with the same number
 * of threads gives the same weights to the bit. A loss or gradient that is no longer finite ends the training before
 * the update that it would make, with status `diverged`. Weights that embed nothing finite any more are not kept: the
 * encoder then holds those of the best validation, or else those that it started with.
 */
export async function train(training: Training): Promise<TrainingOutcome> {
  const { encoder, heads, sampler, options } = training;
  const steps = totalSteps(options, sampler);
  const encoderOptimiser = adamW({ weightDecay: options.weightDecay });
  const headOptimiser = adamW({ weightDecay: options.weightDecay });
  const ofHeads = new Map([...heads.variables, ...training.objective.variables]);
  const kept = new Checkpoint(new Map([...encoder.variables, ...heads.variables]));
  encoder.freezeLayers(options.freeze.layers);
  let sinceBest = 0;
  let outcome: TrainingOutcome = { status: 'completed', steps, keptStep: steps };

  try {
    for (let step = 0, epoch = 0, batches = sampler.epoch(0), inEpoch = 0; step < steps; step++, inEpoch++) {
      if (inEpoch === batches.length) {
        epoch++;
        inEpoch = 0;
        batches = sampler.epoch(epoch);
      }
      const indices = batches[inEpoch] as Int32Array;
      const { loss, terms, gradients, gradientNorm } = batchGradients(training, indices, step);
      const rate = (peak: number) => learningRateAt(step, { ...options, learningRate: peak, totalSteps: steps });
      const learningRate = rate(options.learningRate);
      const finite = Number.isFinite(loss) && Number.isFinite(gradientNorm);
      const wantsConflict = finite && measuresConflict(options) && step % options.conflictEvery === 0;
      const conflict = wantsConflict ? conflictAt(training, indices, step, gradients) : undefined;
      if (finite) {
        const gradientScale = clippingScale(gradientNorm, options.clipNorm);
        const headLearningRate = rate(options.headLearningRate ?? options.learningRate);
        encoderOptimiser.apply(encoder.variables, gradients, { learningRate, gradientScale });
        headOptimiser.apply(ofHeads, gradients, { learningRate: headLearningRate, gradientScale });
      }
      tf.dispose([...gradients.values()]);
      training.onStep?.({
        step: step + 1,
        totalSteps: steps,
        epoch,
        learningRate,
        loss,
        terms,
        gradientNorm,
        counts: training.objective.counts(Int32Array.from(indices, (i) => training.labels[i] as number)),
        ...(conflict && { conflict }),
      });
      if (!finite) {
        const what = Number.isFinite(loss) ? `the gradient norm is ${gradientNorm}` : `the loss is ${loss}`;
        outcome = { status: 'diverged', reason: `${what} in step ${step + 1}`, steps: step, keptStep: step };
        break;
      }

      const last = step + 1 === steps;
      const due =
        options.validateEvery === 'epoch'
          ? inEpoch + 1 === batches.length
          : options.validateEvery > 0 && (step + 1) % options.validateEvery === 0;
      if ((due || last) && training.validate) {
        const result = await training.validate();
        training.onValidation?.(step + 1, result);
        // Embeddings that are not finite have a score all the same, but no drift.
        const better = result.score > kept.score && Number.isFinite(result.deltaEmb);
        sinceBest = better ? 0 : sinceBest + 1;
        if (better) kept.take(step + 1, result.score);
        const reason = stopReason(options, result, sinceBest);
        if (reason && !last) {
          outcome = { status: 'stopped', reason, steps: step + 1, keptStep: step + 1 };
          break;
        }
      }
      // Lets messages and signals through between two steps.
      await setImmediate();
    }
    const lost = !embedsFinitely(training);
    if (lost && outcome.status !== 'diverged') {
      const reason = `the embeddings are not finite after step ${outcome.steps}`;
      outcome = { ...outcome, status: 'diverged', reason };
    }
    if (lost || (options.checkpoint === 'best' && kept.step > 0)) {
      kept.restore();
      outcome = { ...outcome, keptStep: kept.step };
    }
    return outcome;
  } finally {
    kept.dispose();
    encoderOptimiser.dispose();
    headOptimiser.dispose();
  }
}

/** Whether weights and embeddings are finite: weights may be finite and yet too large for the forward pass. */
function embedsFinitely({ encoder, texts, pooling, sampler }: Training): boolean {
  return tf.tidy(() => {
    const batch = collate(texts, sampler.epoch(0)[0] ?? [], encoder.tokeniser.padId);
    const tensors = [...encoder.variables.values(), encoder.embed(batch, pooling)];
    return Number.isFinite(tf.addN(tensors.map((tensor) => tf.sum(tensor))).dataSync()[0]);
  });
}

/** It takes the whole batch at once, and so the memory that accumulation is there to save. */
function measuresConflict({ conflictEvery, accumulate }: TrainingOptions): boolean {
  return conflictEvery > 0 && accumulate === 1;
}

function stopReason({ stopWhen }: TrainingOptions, result: ValidationResult, sinceBest: number): string | undefined {
  if (stopWhen.deltaEmb !== undefined && result.deltaEmb >= stopWhen.deltaEmb) {
    return `deltaEmb ${result.deltaEmb.toPrecision(3)} reached the budget of ${stopWhen.deltaEmb}`;
  }
  if (stopWhen.patience !== undefined && sinceBest >= stopWhen.patience) {
    return `no higher validation score in ${sinceBest} validations`;
  }
  return undefined;
}

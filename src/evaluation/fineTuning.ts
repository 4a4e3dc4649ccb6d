import { z } from 'zod';
import { createSampler } from '../../samplers/index.ts';
import { itemsByLabel, type Sampler } from '../../samplers/sampler.ts';
import { embedTexts } from '../encoders/embed.ts';
import type { Encoder } from '../encoders/encoder.ts';
import type { Pooling } from '../encoders/pooling.ts';
import { createHeads } from '../heads/heads.ts';
import { objectiveSchema, weightedSum } from '../objectives/weightedSum.ts';
import { stream } from '../random.ts';
import { joinTexts, selectTexts } from '../text/batch.ts';
import type { TokenSequences } from '../text/tokenSequences.ts';
import { Checkpoint } from '../training/checkpoint.ts';
import { trainingSchema } from '../training/options.ts';
import { train } from '../training/trainer.ts';
import { type ClassificationScores, classificationScores } from './classification.ts';
import { classify } from './classify.ts';
import type { OnPredicted } from './evaluator.ts';
import { type ProbabilityScores, probabilityScores } from './probabilities.ts';

/** How an encoder is trained on a task: AdamW with linear warm-up over a tenth of the steps, then linear decay. */
export const fineTuningSchema = z.strictObject({
  epochs: z.int().positive().default(3),
  /** Peak learning rate of the encoder. */
  learningRate: z.number().positive().default(5e-5),
  /** Peak learning rate of the classification head, which starts from nothing. */
  headLearningRate: z.number().positive().default(1e-3),
  batchSize: z.int().positive().default(16),
});

export const fewShotSchema = fineTuningSchema.extend({
  epochs: z.int().positive().default(20),
  /** Training texts of each class; a class that has fewer gives all. */
  perClass: z
    .array(z.int().positive())
    .min(1)
    .refine((sizes) => new Set(sizes).size === sizes.length, 'each size once')
    .default([8, 16, 32, 64]),
  /** Drawings of these texts, over which the scores are means. */
  draws: z.int().positive().default(5),
});

type FineTuningOptions = z.output<typeof fineTuningSchema>;
type FewShotOptions = z.output<typeof fewShotSchema>;

interface Labels {
  readonly labels: Int32Array;
}

/** Texts with one class each. */
interface ClassifiedTexts extends Labels {
  readonly texts: TokenSequences;
}

/** A corpus on which an encoder is trained to classify. */
interface FineTuningTask<Texts extends Labels = ClassifiedTexts> {
  readonly name: string;
  readonly labelNames: readonly string[];
  readonly train: Texts;
  readonly test: Texts;
}

/** Which fine-tunings are made; null: none. */
export interface FineTunings {
  readonly fineTuning: FineTuningOptions | null;
  readonly fewShot: FewShotOptions | null;
  readonly multiTask: FineTuningOptions | null;
}

/** What an encoder is fine-tuned on. */
export interface FineTuningCorpora<Texts extends Labels = ClassifiedTexts> {
  readonly tasks: readonly FineTuningTask<Texts>[];
  /** The corpus that is learned beside a task in multi-task learning. */
  readonly beside: { readonly labelNames: readonly string[]; readonly train: Texts };
}

/** What is told while it goes on. */
export interface FineTuningEvents {
  /** Steps done, and of all fine-tunings together. */
  readonly onProgress?: (step: number, steps: number) => void;
  readonly onPredicted?: OnPredicted;
}

/** What is done with a task: the options, the training texts, and what the metrics are called. */
interface Run<Texts extends Labels = ClassifiedTexts> {
  readonly name: string;
  readonly task: FineTuningTask<Texts>;
  readonly options: FineTuningOptions;
  /** Of batches, dropout and head, and of the texts that are drawn: the same for every encoder. */
  readonly seed: number;
  /** Texts that are trained on. */
  readonly size: number;
  readonly indices: () => Int32Array;
  /** Whether it is one of several drawings. */
  readonly drawn: boolean;
  /** What is learned at the same time. */
  readonly beside: FineTuningCorpora<Texts>['beside'] | null;
}

/**
 * Fine-tunes an encoder with a linear classification head on each task: on all training texts, on a few of each class, and
 * on all of them together with another corpus, each step with a batch of the one and a batch of the other. Every
 * fine-tuning starts from the encoder as it is, which it is again in the end. Texts, batches, dropout and the start of the
 * head follow from the drawing alone, so that encoders are compared in pairs. Nothing is chosen by the test texts: the
 * weights of the last step count.
 *
 * Metrics are named `task.fineTuning.metric`, `task.multiTask.metric` and, for 8 texts a class, `task.fewShot8.metric`, means
 * over the drawings; `diverged` counts trainings that ended early for a loss that was not finite, or with scores that are
 * not.
 */
export async function fineTuneOnTasks(
  encoder: Encoder,
  { tasks, beside }: FineTuningCorpora,
  { pooling, ...fineTunings }: FineTunings & { readonly pooling: Pooling },
  { onProgress, onPredicted }: FineTuningEvents = {},
): Promise<Record<string, number>> {
  const runs = tasks.flatMap((task) => runsOf(task, beside, fineTunings));
  const steps = runs.reduce((sum, run) => sum + stepsOf(run), 0);
  const start = new Checkpoint(encoder.variables);
  const measured = new Map<string, Record<string, number>[]>();
  try {
    let done = 0;
    for (const run of runs) {
      const { predicted, ...scores } = await fineTune(encoder, run, pooling, (step) =>
        onProgress?.(done + step, steps),
      );
      // Of the many drawings of few-shot learning only the scores are of interest.
      if (!run.drawn) onPredicted?.(run.name, predicted);
      measured.set(run.name, [...(measured.get(run.name) ?? []), { ...scores }]);
      done += stepsOf(run);
      start.restore();
    }
  } finally {
    start.dispose();
  }
  const metrics: Record<string, number> = {};
  for (const [name, scores] of measured) {
    for (const metric of Object.keys(scores[0] ?? {})) {
      const sum = scores.reduce((total, one) => total + (one[metric] ?? Number.NaN), 0);
      metrics[`${name}.${metric}`] = metric === 'diverged' ? sum : sum / scores.length;
    }
  }
  return metrics;
}

/** What fine-tuning costs: training texts, each counted as often as it is seen, and test texts that are embedded. */
export function fineTuningWork(
  { tasks, beside }: FineTuningCorpora<Labels>,
  fineTunings: FineTunings,
): { readonly trained: number; readonly embedded: number } {
  const work = { trained: 0, embedded: 0 };
  for (const run of tasks.flatMap((task) => runsOf(task, beside, fineTunings))) {
    work.trained += run.options.epochs * run.size * (run.beside ? 2 : 1);
    work.embedded += run.task.test.labels.length;
  }
  return work;
}

function runsOf<Texts extends Labels>(
  task: FineTuningTask<Texts>,
  corpus: FineTuningCorpora<Texts>['beside'],
  { fineTuning, fewShot, multiTask }: FineTunings,
): Run<Texts>[] {
  const { labels } = task.train;
  const sizes = itemsByLabel(labels, task.labelNames.length).map((items) => items.length);
  const all = { task, seed: 0, size: labels.length, indices: () => Int32Array.from(labels.keys()), drawn: false };
  const whole = fineTuning ? [{ ...all, name: `${task.name}.fineTuning`, options: fineTuning, beside: null }] : [];
  const both = multiTask ? [{ ...all, name: `${task.name}.multiTask`, options: multiTask, beside: corpus }] : [];
  const few = (fewShot?.perClass ?? []).flatMap((perClass) =>
    Array.from({ length: fewShot?.draws ?? 0 }, (_, draw) => ({
      name: `${task.name}.fewShot${perClass}`,
      task,
      options: fewShot as FewShotOptions,
      seed: draw,
      size: sizes.reduce((sum, size) => sum + Math.min(size, perClass), 0),
      indices: () => drawFewShot(labels, task.labelNames.length, perClass, draw),
      drawn: true,
      beside: null,
    })),
  );
  return [...whole, ...both, ...few];
}

/** Some items of each class, in random order; a larger drawing with the same number holds the smaller ones. */
export function drawFewShot(labels: Int32Array, classes: number, perClass: number, draw: number): Int32Array {
  return Int32Array.from(
    itemsByLabel(labels, classes).flatMap((items, label) =>
      stream(draw, 'fewShot', label).shuffle(items).slice(0, perClass),
    ),
  );
}

function stepsOf({ options, size }: Pick<Run, 'options' | 'size'>): number {
  return options.epochs * Math.ceil(size / options.batchSize);
}

/** Trains encoder and a new head, and classifies the test texts. */
async function fineTune(
  encoder: Encoder,
  run: Run,
  pooling: Pooling,
  onStep: (step: number) => void,
): Promise<ClassificationScores & ProbabilityScores & { diverged: number; predicted: Int32Array }> {
  const { test } = run.task;
  const { epochs, learningRate, headLearningRate } = run.options;
  const { texts, labels, tasks, sampler } = trainingSetOf(run);
  const objective = weightedSum(objectiveSchema.parse({ crossEntropy: {} }));
  const heads = createHeads(objective.needs, {
    classification: { kind: 'linear', tasks, labelNames: run.task.labelNames },
    encoder,
    seed: run.seed,
  });
  try {
    const { status } = await train({
      encoder,
      heads,
      pooling,
      objective,
      sampler,
      texts,
      labels,
      frozen: null,
      options: trainingSchema.parse({ epochs, learningRate, headLearningRate, conflictEvery: 0 }),
      seed: run.seed,
      onStep: ({ step }) => onStep(step),
    });
    if (!heads.classification) throw new RangeError('expected a classification head');
    const embeddings = await embedTexts(encoder, test.texts, { pooling });
    const { predicted, probabilities, finite } = await classify(heads.classification, embeddings);
    return {
      ...classificationScores(test.labels, predicted),
      ...probabilityScores(test.labels, probabilities),
      diverged: Number(status === 'diverged' || !finite),
      predicted,
    };
  } finally {
    heads.dispose();
  }
}

/** The texts of a run and how they are dealt; where there are two tasks, the classes of the second follow the first's. */
function trainingSetOf({ task, options: { batchSize }, seed, indices: draw, beside }: Run): {
  readonly texts: TokenSequences;
  readonly labels: Int32Array;
  readonly tasks: readonly number[];
  readonly sampler: Sampler;
} {
  const classes = task.labelNames.length;
  const indices = draw();
  const labels = Int32Array.from(indices, (i) => task.train.labels[i] as number);
  const shuffled = (own: Int32Array, names: readonly string[]) =>
    createSampler({ kind: 'shuffled', batchSize }, own, seed, names);
  const texts = selectTexts(task.train.texts, indices);
  const sampler = shuffled(labels, task.labelNames);
  if (!beside) return { texts, labels, tasks: [classes], sampler };
  const other = shuffled(beside.train.labels, beside.labelNames);
  return {
    texts: joinTexts([texts, beside.train.texts]),
    labels: Int32Array.from([...labels, ...beside.train.labels.map((label) => classes + label)]),
    tasks: [classes, beside.labelNames.length],
    sampler: sideBySide(sampler, other, labels.length),
  };
}

/** Batches of one sampler, each followed by the next batch of another, whose items come after the first's `items`. */
function sideBySide(first: Sampler, second: Sampler, items: number): Sampler {
  const { batchesPerEpoch, coverage } = first;
  return {
    batchesPerEpoch,
    coverage,
    epoch(n) {
      const before = n * batchesPerEpoch;
      const from = Math.floor(before / second.batchesPerEpoch);
      const to = Math.floor((before + batchesPerEpoch - 1) / second.batchesPerEpoch);
      const others = Array.from({ length: to - from + 1 }, (_, i) => second.epoch(from + i)).flat();
      return first.epoch(n).map((batch, i) => {
        const other = others[before - from * second.batchesPerEpoch + i] as Int32Array;
        return Int32Array.from([...batch, ...other.map((item) => items + item)]);
      });
    },
  };
}

import { z } from 'zod';
import { drift } from './drift.ts';
import type { LabelledEmbeddings, OnPredicted } from './evaluator.ts';
import { fewShotSchema, fineTuningSchema } from './fineTuning.ts';
import { logisticRegression, logisticRegressionSchema } from './logisticRegression.ts';
import type { Matrix } from './matrix.ts';
import { knn } from './neighbours.ts';

export const downstreamSchema = z.strictObject({
  /** Corpora, by the names that `data.source` takes, in which test texts are classified by training texts. */
  tasks: z
    .array(z.string().min(1))
    .refine((tasks) => new Set(tasks).size === tasks.length, 'each task once')
    .default([]),
  knn: knn.schema.prefault({}),
  logisticRegression: logisticRegressionSchema.prefault({}),
  drift: drift.schema.prefault({}),
  /** Training the encoder on each task, with all training texts. Takes long; null: not done. */
  fineTuning: fineTuningSchema.nullable().default(null),
  /** The same with a few training texts of each class. Takes long; null: not done. */
  fewShot: fewShotSchema.nullable().default(null),
  /** Training the encoder on each task and on the experiment's corpus at once. Takes long; null: not done. */
  multiTask: fineTuningSchema.nullable().default(null),
});

export type DownstreamOptions = z.output<typeof downstreamSchema>;

/** A corpus on which an encoder is put to use, embedded. */
export interface DownstreamTask {
  readonly name: string;
  readonly train: LabelledEmbeddings;
  readonly test: LabelledEmbeddings;
  /** The test texts as the encoder embedded them before it was retrofitted. */
  readonly original: { readonly test: Matrix };
}

/**
 * What the embeddings are worth to others, and how far they have moved there: classifiers on them and the drift of the test
 * texts, named `task.classifier.metric` and `task.drift.metric`.
 */
export async function evaluateDownstream(
  tasks: readonly DownstreamTask[],
  options: DownstreamOptions,
  onPredicted?: OnPredicted,
): Promise<Record<string, number>> {
  const metrics: Record<string, number> = {};
  for (const { name, ...task } of tasks) {
    const classifiedBy = (classifier: string) => ({
      ...task,
      onPredicted: (predicted: Int32Array) => onPredicted?.(`${name}.${classifier}`, predicted),
    });
    const found = {
      knn: await knn.evaluate(classifiedBy('knn'), options.knn),
      logisticRegression: await logisticRegression(classifiedBy('logisticRegression'), options.logisticRegression),
      // Nothing of it is drawn.
      drift: await drift.evaluate({ ...task, seed: 0 }, options.drift),
    };
    for (const [by, measured] of Object.entries(found)) {
      for (const [metric, value] of Object.entries(measured)) metrics[`${name}.${by}.${metric}`] = value;
    }
  }
  return metrics;
}

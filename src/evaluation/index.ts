import { z } from 'zod';
import { classifierEvaluationSchema } from './classifier.ts';
import { clustering } from './clustering.ts';
import { type DownstreamTask, downstreamSchema, evaluateDownstream } from './downstream.ts';
import { drift } from './drift.ts';
import type { EvaluationContext, Evaluator, OnPredicted } from './evaluator.ts';
import type { Matrix } from './matrix.ts';
import { knn } from './neighbours.ts';
import { retrieval } from './retrieval.ts';

/** Every evaluator, by the name that its options and its metrics go by. */
export const evaluators = { drift, knn, retrieval, clustering } as const;

type EvaluatorOptions = {
  [Name in keyof typeof evaluators]: z.ZodPrefault<(typeof evaluators)[Name]['schema']>;
};

const registered: Readonly<Record<string, Evaluator>> = evaluators;

/** Options of the evaluation, each evaluator's under its name. */
export const evaluationSchema = z.strictObject({
  /** Training texts that serve as references, drawn once for all cells; null: all of them. */
  references: z.int().positive().nullable().default(null),
  /** Test texts on which the drift of each layer is measured, drawn once for all cells; 0: it is not. */
  layerTexts: z.union([z.literal(0), z.int().min(2)]).default(256),
  ...(Object.fromEntries(
    Object.entries(registered).map(([name, { schema }]) => [name, schema.prefault({})]),
  ) as EvaluatorOptions),
  /** Of the classification head, where there is one. */
  classifier: classifierEvaluationSchema.prefault({}),
  /** Other corpora on which the embeddings are put to use. */
  downstream: downstreamSchema.prefault({}),
});

export type EvaluationOptions = z.output<typeof evaluationSchema>;

/**
 * Runs every evaluator; metrics are named `evaluator.metric`, e.g. `knn.macroF1`, and those of downstream tasks
 * `task.classifier.metric`, e.g. `sst2.knn.macroF1`.
 *
 * @throws RangeError if an embedding is not finite, or if a metric turns out not to be
 */
export async function evaluate(
  options: EvaluationOptions,
  context: EvaluationContext,
  tasks: readonly DownstreamTask[] = [],
  onPredicted?: OnPredicted,
): Promise<Record<string, number>> {
  requireFinite('train', context.train.embeddings);
  requireFinite('test', context.test.embeddings);
  requireFinite('original test', context.original.test);
  for (const { name, train, test } of tasks) {
    requireFinite(`${name} train`, train.embeddings);
    requireFinite(`${name} test`, test.embeddings);
  }
  const metrics: Record<string, number> = await evaluateDownstream(tasks, options.downstream, onPredicted);
  for (const [name, evaluator] of Object.entries(registered)) {
    const own = { ...context, onPredicted: (predicted: Int32Array) => onPredicted?.(name, predicted) };
    const measured = await evaluator.evaluate(own, options[name as keyof typeof evaluators]);
    for (const [metric, value] of Object.entries(measured)) metrics[`${name}.${metric}`] = value;
  }
  for (const [metric, value] of Object.entries(metrics)) {
    if (!Number.isFinite(value)) throw new RangeError(`${metric} is ${value}`);
  }
  return metrics;
}

function requireFinite(which: string, { data, columns }: Matrix): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at !== -1) throw new RangeError(`${which} embedding ${Math.floor(at / columns)} holds ${data[at]}`);
}

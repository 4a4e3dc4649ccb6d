import type { z } from 'zod';
import type { Matrix } from './matrix.ts';
import type { MeasureName } from './measures.ts';

/** Embeddings [n, d] of n texts, and the class of each. */
export interface LabelledEmbeddings {
  readonly embeddings: Matrix;
  /** Of texts that may have several classes the strongest. */
  readonly labels: Int32Array;
}

/** Texts of one corpus, embedded with dropout off. */
export interface EmbeddedCorpus {
  /** Texts to refer to, e.g. neighbours whose classes are known. */
  readonly train: LabelledEmbeddings;
  /** Held-out texts, on which every metric is measured. */
  readonly test: LabelledEmbeddings;
  /** Told the class that a classifier gave to each test text. */
  readonly onPredicted?: (predicted: Int32Array) => void;
}

/** Told the class that a classifier, such as `knn` or `sst2.knn`, gave to each test text of its corpus. */
export type OnPredicted = (classifier: string, predicted: Int32Array) => void;

/** What a finished encoder is judged by. */
export interface EvaluationContext extends EmbeddedCorpus {
  readonly original: {
    /** The test texts as the encoder embedded them before it was retrofitted. */
    readonly test: Matrix;
  };
  /** For evaluators that draw at random. */
  readonly seed: number;
}

/**
 * A measurement of a finished encoder. It never changes what it is given. A new one is a file, a line in index.ts and one in
 * measures.ts for each of its measures; the suite in test/evaluation/conformance.test.ts then covers it.
 */
export interface Evaluator<
  Schema extends z.ZodObject = z.ZodObject,
  Metric extends string = string,
  Context = EvaluationContext,
> {
  /** Its options, each with a default. */
  readonly schema: Schema;
  /** The metric that decides when there is room for one only; what it and the others are is said in measures.ts. */
  readonly primary: NoInfer<Metric> & MeasureName;
  evaluate(context: Context, options: z.output<Schema>): Promise<Readonly<Record<Metric, number>>>;
}

/** Declares an evaluator; the compiler checks that it returns its primary metric. */
export function defineEvaluator<Schema extends z.ZodObject, Metric extends string, Context = EvaluationContext>(
  evaluator: Evaluator<Schema, Metric, Context>,
): Evaluator<Schema, Metric, Context> {
  return evaluator;
}

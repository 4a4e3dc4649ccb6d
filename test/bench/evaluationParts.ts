import { clustering } from '../../src/evaluation/clustering.ts';
import type { EvaluationContext, LabelledEmbeddings } from '../../src/evaluation/evaluator.ts';
import { knn } from '../../src/evaluation/neighbours.ts';
import { retrieval } from '../../src/evaluation/retrieval.ts';
import { type RandomStream, stream } from '../../src/random.ts';

/** The parts of an evaluation that are timed, by the task's name. */
export const evaluationTasks = ['knn', 'retrieval', 'kMeans'] as const;
type EvaluationTask = (typeof evaluationTasks)[number];

const classes = 28;
const columns = 384;
const references = 36_000;
const queries = 5_000;

/** What one run of a part does, on embeddings of 28 classes about as far apart as real ones; the peer makes such too. */
export function evaluationPart(task: EvaluationTask): () => Promise<unknown> {
  const random = stream(1, 'bench', task);
  const centres = Array.from({ length: classes }, () => Float32Array.from({ length: columns }, () => random.normal()));
  const test = drawn(queries, centres, random);
  const context: EvaluationContext = {
    train: task === 'knn' ? drawn(references, centres, random) : test,
    test,
    original: { test: test.embeddings },
    seed: 1,
  };
  if (task === 'knn') return () => knn.evaluate(context, knn.schema.parse({}));
  if (task === 'retrieval') return () => retrieval.evaluate(context, retrieval.schema.parse({}));
  return () => clustering.evaluate(context, clustering.schema.parse({}));
}

function drawn(rows: number, centres: readonly Float32Array[], random: RandomStream): LabelledEmbeddings {
  const labels = Int32Array.from({ length: rows }, () => random.integer(classes));
  const data = new Float32Array(rows * columns);
  for (let i = 0; i < data.length; i++) {
    const centre = centres[labels[Math.floor(i / columns)] as number] as Float32Array;
    data[i] = 0.3 * (centre[i % columns] as number) + random.normal();
  }
  return { embeddings: { data, rows, columns }, labels };
}

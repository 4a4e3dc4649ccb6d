import { z } from 'zod';
import { type ClassificationScores, classificationScores } from './classification.ts';
import { type Neighbours, nearestNeighbours, nearestOthers } from './cosineSearch.ts';
import { defineEvaluator, type EmbeddedCorpus } from './evaluator.ts';
import type { Matrix } from './matrix.ts';

const schema = z.strictObject({
  /** Neighbours that vote. */
  k: z.int().positive().default(10),
  /** Other numbers of neighbours, for which the same search gives the scores `accuracyAt5`, `macroF1At5`, …. */
  alsoAt: z.array(z.int().positive()).default([]),
  /** Rows that are compared at a time: chunk² similarities are in memory, 16 MB at the default. */
  chunk: z.int().positive().default(2048),
});

type KnnOptions = z.output<typeof schema>;

/**
 * Classification of the test texts by their nearest training texts: cosine similarity, majority vote, ties for the
 * smallest class number, as in scikit-learn's KNeighborsClassifier(metric='cosine'). With fewer references than k all
 * of them vote.
 */
export const knn = defineEvaluator({
  schema,
  primary: 'macroF1',
  async evaluate({ train, test, onPredicted }: EmbeddedCorpus, options: KnnOptions) {
    const { k, alsoAt, chunk } = options;
    const neighbours = await nearestNeighbours(test.embeddings, train.embeddings, { k: Math.max(k, ...alsoAt), chunk });
    const predicted = majorityVote(neighbours, train.labels, k);
    onPredicted?.(predicted);
    const others = alsoAt.flatMap((other) => {
      const scores = classificationScores(test.labels, majorityVote(neighbours, train.labels, other));
      return Object.entries(scores).map(([name, score]) => [`${name}At${other}`, score] as const);
    });
    return { ...classificationScores(test.labels, predicted), ...Object.fromEntries(others) };
  },
});

/** The same classifier within one set of texts, each classified by the others. */
export async function leaveOneOut(
  embeddings: Matrix,
  labels: Int32Array,
  options: Pick<KnnOptions, 'k' | 'chunk'>,
): Promise<ClassificationScores> {
  return classificationScores(labels, majorityVote(await nearestOthers(embeddings, options), labels));
}

/**
 * The most frequent class among each query's nearest neighbours; of equally frequent ones the smallest number.
 *
 * @param voters how many of the neighbours vote; all if there are fewer
 */
export function majorityVote({ indices, k }: Neighbours, labels: Int32Array, voters = k): Int32Array {
  const classes = labels.reduce((most, label) => Math.max(most, label), -1) + 1;
  const winners = new Int32Array(indices.length / k);
  const votes = new Int32Array(classes);
  for (let i = 0; i < winners.length; i++) {
    votes.fill(0);
    for (let j = i * k; j < i * k + Math.min(voters, k); j++) {
      const label = labels[indices[j] as number] as number;
      votes[label] = (votes[label] as number) + 1;
    }
    winners[i] = votes.indexOf(votes.reduce((most, count) => Math.max(most, count), 0));
  }
  return winners;
}

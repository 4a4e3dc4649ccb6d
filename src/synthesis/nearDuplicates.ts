import { dot } from '../evaluation/matrix.ts';

/**
 * Whether a text is a near-duplicate of one of others: the cosine of their embeddings, which have length 1, is above a
 * limit.
 */
export function isNearDuplicate(embedding: Float32Array, others: readonly Float32Array[], limit: number): boolean {
  return others.some((other) => dot(other, embedding) > limit);
}

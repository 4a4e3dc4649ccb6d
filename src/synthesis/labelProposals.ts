import { emotions } from '../data/emotions.ts';
import { dot, row } from '../evaluation/matrix.ts';
import type { Embedder } from './embedder.ts';
import type { Emotion } from './emotion.ts';

/** Where a word outside of the taxonomy might belong; for a person to decide. */
export interface LabelProposal {
  readonly word: string;
  readonly emotion: Emotion;
  /** Of the embeddings of the two names. */
  readonly cosine: number;
}

/** Sentence encoders know sentences better than words. */
const inPhrase = (word: string) => `a feeling of ${word}`;

/**
 * Proposes for each word the emotion whose name is nearest by its embedding. Of the words of labelMap.json, which were
 * assigned by hand, `mini` finds 27 % so and all-MiniLM-L6-v2 58 %.
 */
export async function proposeLabels(words: readonly string[], embedder: Embedder): Promise<LabelProposal[]> {
  if (words.length === 0) return [];
  const names = await embedder.embed(emotions.map(inPhrase));
  const queries = await embedder.embed(words.map(inPhrase));
  return words.map((word, i) => {
    const cosines = emotions.map((emotion, j) => ({ word, emotion, cosine: dot(row(queries, i), row(names, j)) }));
    return cosines.reduce((best, other) => (other.cosine > best.cosine ? other : best));
  });
}

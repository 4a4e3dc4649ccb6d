import type { Corpus } from './corpus.ts';

/** How strong each class is in each training text, [rows, columns] by [texts, classes]: 1 or 0 where a text has one class. */
export function targetsOf({ train, labelNames }: Pick<Corpus, 'train' | 'labelNames'>): {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
} {
  const [rows, columns] = [train.labels.length, labelNames.length];
  if (train.strengths) return { data: train.strengths, rows, columns };
  const data = new Float32Array(rows * columns);
  for (const [text, label] of train.labels.entries()) data[text * columns + label] = 1;
  return { data, rows, columns };
}

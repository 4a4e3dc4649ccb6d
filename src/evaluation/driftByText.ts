import { deltaCos, deltaMse } from './drift.ts';
import { type Matrix, rowRange } from './matrix.ts';

/** How far each text's embedding h has moved from the original h0, [texts]. */
export interface DriftByText {
  /** Mean of (h − h0)² over the dimensions; its mean over the texts is {@link deltaMse}. */
  readonly deltaEmb: Float32Array;
  /** 1 − cos(h, h0); its mean over the texts is {@link deltaCos}. */
  readonly deltaCos: Float32Array;
}

/** The distribution behind two of the drift measures, for embeddings [texts, d] and the original ones. */
export function driftByText(embeddings: Matrix, original: Matrix): DriftByText {
  if (embeddings.rows !== original.rows) {
    throw new RangeError(`cannot compare embeddings of ${embeddings.rows} texts with those of ${original.rows}`);
  }
  const byText = (measure: (h: Matrix, h0: Matrix) => number) =>
    Float32Array.from({ length: embeddings.rows }, (_, i) => {
      const text = { from: i, to: i + 1 };
      return measure(rowRange(embeddings, text), rowRange(original, text));
    });
  return { deltaEmb: byText(deltaMse), deltaCos: byText(deltaCos) };
}

import fc from 'fast-check';
import type { TokenSequences } from '../../src/text/tokenSequences.ts';

/** Token sequences of the given lengths; no id occurs twice, and none is 0. */
export function sequencesOf(lengths: readonly number[]): TokenSequences {
  const offsets = Int32Array.from([0, ...lengths]);
  for (let i = 1; i < offsets.length; i++) offsets[i] = (offsets[i] ?? 0) + (offsets[i - 1] ?? 0);
  const ids = Int32Array.from({ length: offsets.at(-1) ?? 0 }, (_, i) => i + 1);
  return { ids, typeIds: ids.map((id) => id % 2), offsets, size: lengths.length };
}

export const lengthsArbitrary = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 });

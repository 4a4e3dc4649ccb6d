import fc from 'fast-check';
import { expect, it } from 'vitest';
import { groupRepeated } from '../../src/text/groupRepeated.ts';
import type { TokenSequences } from '../../src/text/tokenSequences.ts';

type Token = readonly [id: number, type: number];

function sequences(texts: readonly (readonly Token[])[]): TokenSequences {
  const offsets = [0];
  for (const text of texts) offsets.push((offsets.at(-1) ?? 0) + text.length);
  return {
    ids: Int32Array.from(texts.flatMap((text) => text.map(([id]) => id))),
    typeIds: Int32Array.from(texts.flatMap((text) => text.map(([, type]) => type))),
    offsets: Int32Array.from(offsets),
    size: texts.length,
  };
}

it('tells texts apart by their ids, their types and where one token ends', () => {
  const texts: Token[][] = [[[1, 0]], [[11, 0]], [[1, 0], [1, 0]], [[1, 1]], [], [[1, 0]], [[1, 0], [1, 0]]]; // biome-ignore format: one a text
  expect(groupRepeated(sequences(texts))).toEqual([[0, 5], [1], [2, 6], [3], [4]]);
});

it('puts every text into the group of its first equal', () => {
  const token = fc.tuple(fc.nat(2), fc.nat(1));
  fc.assert(
    fc.property(fc.array(fc.array(token, { maxLength: 3 }), { maxLength: 30 }), (texts) => {
      const equal = (a: number, b: number) => JSON.stringify(texts[a]) === JSON.stringify(texts[b]);
      const expected = texts.flatMap((_, i) => {
        const same = texts.flatMap((_, j) => (equal(i, j) ? [j] : []));
        return same[0] === i ? [same] : [];
      });
      expect(groupRepeated(sequences(texts))).toEqual(expected);
    }),
  );
});

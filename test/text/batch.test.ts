import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collate, joinTexts, rowsOfBatch, selectTexts } from '../../src/text/batch.ts';
import { rangeOf } from '../../src/text/tokenSequences.ts';
import { lengthsArbitrary, sequencesOf } from './tokenSequences.ts';

describe('collate', () => {
  it('pads to the longest text of the batch', () => {
    const batch = collate(sequencesOf([2, 5, 1]), [2, 0], 99);
    expect(batch).toEqual({
      ids: Int32Array.of(8, 99, 1, 2),
      typeIds: Int32Array.of(0, 0, 1, 0),
      mask: Float32Array.of(1, 0, 1, 1),
      size: 2,
      length: 2,
      tokens: 3,
    });
  });

  it('gives an empty text one position of padding', () => {
    const batch = collate(sequencesOf([0]), [0], 7);
    expect(batch).toMatchObject({ ids: Int32Array.of(7), mask: Float32Array.of(0), length: 1, tokens: 0 });
  });

  it('keeps every token of every text in its row', () => {
    fc.assert(
      fc.property(lengthsArbitrary, fc.infiniteStream(fc.nat()), (lengths, draws) => {
        const texts = sequencesOf(lengths);
        const indices = Array.from(draws.take(10), (draw) => draw % lengths.length);
        const batch = collate(texts, indices, 0);
        for (const [row, index] of indices.entries()) {
          const { start, end } = rangeOf(texts, index);
          const inRow = batch.ids.subarray(row * batch.length, (row + 1) * batch.length);
          expect([...inRow].filter((id) => id !== 0)).toEqual([...texts.ids.subarray(start, end)]);
        }
        expect(batch.mask).toEqual(Float32Array.from(batch.ids, (id) => Number(id !== 0)));
        expect(batch.tokens).toBe(batch.mask.reduce((sum, value) => sum + value, 0));
      }),
    );
  });
});

describe('selectTexts', () => {
  it('keeps the order that was asked for', () => {
    const selected = selectTexts(sequencesOf([2, 3, 1]), [2, 0, 2]);
    expect(selected).toEqual({
      ids: Int32Array.of(6, 1, 2, 6),
      typeIds: Int32Array.of(0, 1, 0, 0),
      offsets: Int32Array.of(0, 1, 3, 4),
      size: 3,
    });
  });
});

describe('rowsOfBatch', () => {
  it('is what collating those texts gives', () => {
    fc.assert(
      fc.property(lengthsArbitrary, fc.infiniteStream(fc.nat()), (lengths, draws) => {
        const texts = sequencesOf(lengths);
        const rows = Array.from(draws.take(5), (draw) => draw % lengths.length);
        const all = collate(
          texts,
          lengths.map((_, i) => i),
          0,
        );
        expect(rowsOfBatch(all, rows)).toEqual(collate(texts, rows, 0));
      }),
    );
  });
});

describe('joinTexts', () => {
  it('puts lists one after the other, empty ones and empty texts too', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(4), { maxLength: 4 }), { maxLength: 4 }), (lengths) => {
        const lists = lengths.map(sequencesOf);
        const joined = joinTexts(lists);
        let before = 0;
        for (const list of lists) {
          const places = Array.from({ length: list.size }, (_, i) => before + i);
          expect(selectTexts(joined, places)).toEqual(list);
          before += list.size;
        }
        expect(joined.size).toBe(before);
        expect(joined.offsets.at(-1)).toBe(joined.ids.length);
      }),
    );
  });
});

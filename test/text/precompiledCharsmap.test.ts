import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { beforeAll, describe, expect, it } from 'vitest';
import { precompiledCharsmap } from '../../src/text/precompiledCharsmap.ts';
import hard from './golden/hard.json' with { type: 'json' };
import multilingualIds from './golden/multilingualIds.json' with { type: 'json' };

const expected = multilingualIds.normalised;

describe('precompiledCharsmap, with the table of nmt_nfkc', () => {
  let definition: { normalizer: { precompiled_charsmap: string } };
  let normalise: (text: string) => string;
  beforeAll(async () => {
    const file = new URL('../encoders/golden/xlmRoberta/tokenizer.json', import.meta.url);
    definition = JSON.parse(await readFile(file, 'utf8'));
    normalise = precompiledCharsmap(definition.normalizer.precompiled_charsmap);
  });

  it('gives hard texts as tokenizers does', () => {
    expect(Object.values(hard).flat().map(normalise)).toEqual(expected.hard);
  });

  it('replaces every character of the first three planes as tokenizers does', () => {
    const points = Array.from({ length: 0x30000 }, (_, point) => point).filter(
      (point) => point < 0xd800 || point >= 0xe000,
    );
    const characters = points.map((point) => String.fromCodePoint(point)).join('\n');
    expect(createHash('sha256').update(normalise(characters)).digest('hex')).toBe(expected.everyCharacterSha256);
  });

  it('is needed: the package parts emoji at their joiners and composes what the table does not', () => {
    const { normalizer: ofPackage } = new Tokenizer(definition, {});
    const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
    expect([normalise(family), ofPackage.normalize(family)]).toEqual([family, '\u{1f468} \u{1f469} \u{1f467}']);
    const syllable = '\u1112\u1161\u11ab';
    expect([normalise(syllable), ofPackage.normalize(syllable)]).toEqual([syllable, '\ud55c']);
  });

  it('loses what follows an entry in a short grapheme, as the reference implementation does', () => {
    expect(normalise('\uff21\u0301')).toBe('A');
  });

  it('takes a lone surrogate for the replacement character, which the table makes a space', () => {
    expect(normalise('a\ud83d')).toBe(normalise('a\ufffd'));
    expect(normalise('a\ufffd')).toBe('a ');
  });

  it('refuses a table that is cut', () => {
    expect(() => precompiledCharsmap('')).toThrow(RangeError);
    expect(() => precompiledCharsmap(definition.normalizer.precompiled_charsmap.slice(0, 4000))).toThrow(RangeError);
  });
});

// Node's own Intl.Segmenter takes quadratic time.
import { splitGraphemes } from 'unicode-segmenter/grapheme';

/** Bytes of UTF-8 from which on a grapheme is replaced character by character. */
const longGrapheme = 6;

/**
 * SentencePiece's normalisation of characters (Kudo and Richardson 2018, arXiv:1808.06226), such as nmt_nfkc, by the table
 * that its models carry, as Hugging Face's `tokenizers` applies it: a short grapheme that begins with an entry becomes this
 * entry's replacement, what follows the entry being lost; characters of other graphemes are replaced one by one.
 *
 * @param base64 `precompiled_charsmap` of tokenizer.json: the size of a double-array trie in bytes, the trie, whose keys are
 * UTF-8, and the replacements that it leads to, each closed by a zero byte; integers are little-endian and have 32 bits
 * @throws RangeError if the trie is cut
 */
export function precompiledCharsmap(base64: string): (text: string) => string {
  const bytes = Buffer.from(base64, 'base64');
  const trieSize = bytes.readUInt32LE(0);
  const trie = Uint32Array.from({ length: trieSize / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const replacements = bytes.subarray(4 + trieSize);

  /** The replacement of the shortest entry with which a text begins. */
  const replacementOf = (text: string): string | undefined => {
    let node = childrenOf(trie[0] ?? 0);
    for (const byte of Buffer.from(text)) {
      node ^= byte;
      const unit = trie[node] ?? 0;
      if (labelOf(unit) !== byte) return undefined;
      node ^= childrenOf(unit);
      if (isEntry(unit)) {
        const begin = replacementAt(trie[node] ?? 0);
        const end = replacements.indexOf(0, begin);
        return replacements.toString('utf8', begin, end < 0 ? replacements.length : end);
      }
    }
    return undefined;
  };

  return (text) => {
    let normalised = '';
    for (const grapheme of splitGraphemes(text)) {
      const replacement = Buffer.byteLength(grapheme) < longGrapheme ? replacementOf(grapheme) : undefined;
      if (replacement !== undefined) normalised += replacement;
      else for (const character of grapheme) normalised += replacementOf(character) ?? character;
    }
    return normalised;
  };
}

/** Whether a key ends at a unit of the trie; where its replacement begins is then in the unit at the unit's children. */
function isEntry(unit: number): boolean {
  return ((unit >>> 8) & 1) === 1;
}

function replacementAt(unit: number): number {
  return unit & 0x7fffffff;
}

/** The byte that leads to a unit; none where the unit holds where a replacement begins. */
function labelOf(unit: number): number {
  return unit & 0x800000ff;
}

/** What a unit's position is combined with, by exclusive or, to reach its children. */
function childrenOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

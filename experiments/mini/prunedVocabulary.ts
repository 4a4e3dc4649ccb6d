import { z } from 'zod';

/** What is read and changed of a tokenizer.json; all else stays as it is. */
const tokeniserFile = z.looseObject({
  truncation: z.unknown(),
  padding: z.unknown(),
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string() })),
  post_processor: z.looseObject({
    special_tokens: z.record(z.string(), z.looseObject({ id: z.string(), ids: z.array(z.int()) })),
  }),
  model: z.looseObject({
    type: z.literal('WordPiece'),
    unk_token: z.string(),
    continuing_subword_prefix: z.string(),
    vocab: z.record(z.string(), z.int()),
  }),
});

export interface PrunedVocabulary {
  /** The pruned tokenizer.json, without truncation and padding. */
  readonly definition: z.output<typeof tokeniserFile>;
  /** The teacher's id of each piece; for emoji, which the teacher has no pieces for, that of [UNK]. */
  readonly teacherIds: readonly number[];
}

/** Of the alphabets: Latin with its punctuation and currencies. Words in others become [UNK], whole. */
const keptCharacter = /^[\p{ASCII}\p{Script=Latin}\u00a0-\u024f\u2010-\u2044\u20a0-\u20cf]$/u;
const emoji = /^\p{Extended_Pictographic}$/u;
/** Occurrences that an emoji needs for a piece. */
const emojiOccurrences = 3;

/**
 * Cuts a WordPiece vocabulary down to `size` pieces: its special tokens, its Latin characters, then its most frequent
 * longer pieces (of equally frequent ones those with the smaller id). Characters stay at the beginning and inside of
 * words, so that greedy longest-match segmentation of the pruned vocabulary still reaches every word's end.
 * The emoji of the texts are added: BERT's vocabulary has none, and in a corpus of emotions they say a lot.
 *
 * @param teacher a parsed tokenizer.json with a WordPiece model
 * @param counts how often each piece occurs in the teacher's segmentation of the texts, by its id
 */
export function pruneVocabulary(
  teacher: unknown,
  counts: ArrayLike<number>,
  texts: readonly string[],
  size: number,
): PrunedVocabulary {
  const file = tokeniserFile.parse(teacher);
  const { vocab, continuing_subword_prefix: prefix, unk_token } = file.model;
  const special = file.added_tokens.map(({ content }) => content);
  const pieces = Object.keys(vocab);
  const characters = pieces.filter((piece) => keptCharacter.test(withoutPrefix(piece, prefix)));
  const added = frequentEmoji(texts).filter((character) => vocab[character] === undefined);
  const first = [...special, ...characters, ...added, ...added.map((character) => prefix + character)];

  const idOf = (piece: string) => vocab[piece] ?? 0;
  const count = (piece: string) => counts[idOf(piece)] ?? 0;
  const words = pieces
    .filter((piece) => [...withoutPrefix(piece, prefix)].length > 1 && !/^\[(unused\d+|[A-Z]+)\]$/.test(piece))
    .sort((a, b) => count(b) - count(a) || idOf(a) - idOf(b));
  const kept = [...first, ...words.slice(0, size - first.length)];
  const ids = new Map(kept.map((piece, id) => [piece, id]));
  const newId = (piece: string) => ids.get(piece) ?? 0;

  return {
    definition: {
      ...file,
      truncation: null,
      padding: null,
      added_tokens: file.added_tokens.map((token) => ({ ...token, id: newId(token.content) })),
      post_processor: {
        ...file.post_processor,
        special_tokens: Object.fromEntries(
          Object.entries(file.post_processor.special_tokens).map(([name, token]) => [
            name,
            { ...token, ids: [newId(token.id)] },
          ]),
        ),
      },
      model: { ...file.model, vocab: Object.fromEntries(ids) },
    },
    teacherIds: kept.map((piece) => idOf(vocab[piece] === undefined ? unk_token : piece)),
  };
}

function withoutPrefix(piece: string, prefix: string): string {
  return piece.startsWith(prefix) && piece.length > prefix.length ? piece.slice(prefix.length) : piece;
}

/** The most frequent first; equally frequent ones in the order of their first occurrence. */
function frequentEmoji(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const character of text) {
      if (emoji.test(character)) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
  }
  return [...counts]
    .filter(([, count]) => count >= emojiOccurrences)
    .sort(([, a], [, b]) => b - a)
    .map(([character]) => character);
}

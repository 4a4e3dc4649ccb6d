import { z } from 'zod';
import { type RandomStream, stream } from '../random.ts';
import type { Example, SourceContent } from './source.ts';

const operations = ['delete', 'swap', 'typo'] as const;
type Operation = (typeof operations)[number];

/** Altered copies of train texts. */
export const augmentationSchema = z.strictObject({
  /** Of each text. */
  copies: z.int().min(1).default(1),
  /** The share of a text's words that is altered. */
  rate: z.number().gt(0).max(1).default(0.1),
  /** What a copy is made by, one operation a copy, in turn, from one on that is drawn for each text. */
  operations: z
    .array(z.enum(operations))
    .min(1)
    .refine((own) => new Set(own).size === own.length, 'each operation once')
    .default([...operations]),
  seed: z.int().min(0).default(0),
});

export type AugmentationOptions = z.output<typeof augmentationSchema>;

/** Drawings of a copy until it is given up for being equal to its text. */
const drawings = 5;

/**
 * Appends altered copies of the train texts behind them, in the manner of EDA (Wei & Zou 2019, EMNLP, arXiv 1901.11196)
 * but such that the label is kept as far as words tell; the other splits stay as they are. Labels, strengths, contexts and
 * characters of a copy are its text's. A copy that comes out equal to its text in each of 5 drawings is left out and counted.
 * kNN's references and every other use of train texts have the copies too.
 */
export function augment(content: SourceContent, options: AugmentationOptions): SourceContent {
  const { train } = content.splits;
  const copies: Example[] = [];
  for (let copy = 0; copy < options.copies; copy++) {
    for (const example of train) {
      const text = augmentedText(example.text, copy, options);
      if (text !== undefined) copies.push({ ...example, text });
    }
  }
  const equal = options.copies * train.length - copies.length;
  const { operations: own, rate, seed } = options;
  return {
    ...content,
    splits: { ...content.splits, train: [...train, ...copies] },
    notes: [
      ...content.notes,
      `train: ${copies.length} altered copies of ${train.length} texts added (${own.join(', ')}; rate ${rate}, seed ${seed}), ${equal} left out that came out equal`,
    ],
  };
}

/**
 * A copy of a text, the same for the same text, copy and seed whatever else is in the corpus. Words are what stands
 * between spaces, punctuation included. Negations, placeholders in brackets, URLs, mentions, emoji and emoticons are neither
 * deleted nor altered; all but negations may change places.
 *
 * - `delete` takes out each word with the probability `rate`, but never all of them
 * - `swap` exchanges round(rate · words) pairs of neighbouring words, one at least as in EDA, and none across a negation
 * - `typo` alters as many words, behind their first letter: two neighbouring letters change places, or a letter is
 *   replaced by its neighbour on a QWERTY keyboard; only runs of at least 4 letters
 *
 * @param text not blank
 * @param copy counted from 0
 * @returns undefined if it came out equal to the text each time
 */
export function augmentedText(
  text: string,
  copy: number,
  { rate, operations: own, seed }: AugmentationOptions,
): string | undefined {
  const first = stream(seed, 'augmentation', text).integer(own.length);
  const operation = own[(first + copy) % own.length] as Operation;
  const random = stream(seed, 'augmentation', copy, text);
  const parsed = parse(text);
  for (let drawing = 0; drawing < drawings; drawing++) {
    const altered = alterations[operation](parsed, rate, random);
    if (altered !== text) return altered;
  }
  return undefined;
}

/** A text as the words in it and the space around them, of which there is one more. */
interface ParsedText {
  readonly words: readonly string[];
  readonly spaces: readonly string[];
}

function parse(text: string): ParsedText {
  const words: string[] = [];
  const spaces: string[] = [];
  let end = 0;
  // A placeholder may have spaces in it.
  for (const { 0: word, index } of text.matchAll(/(?:\[[^[\]]*\]|\S)+/gu)) {
    spaces.push(text.slice(end, index));
    words.push(word);
    end = index + word.length;
  }
  return { words, spaces: [...spaces, text.slice(end)] };
}

function joined({ words, spaces }: ParsedText): string {
  return spaces.map((space, i) => (i === 0 ? space : `${words[i - 1]}${space}`)).join('');
}

const alterations: Record<Operation, (text: ParsedText, rate: number, random: RandomStream) => string> = {
  delete: deleteWords,
  swap: swapWords,
  typo: mistypeWords,
};

function deleteWords({ words, spaces }: ParsedText, rate: number, random: RandomStream): string {
  const places = [...words.keys()];
  const drawn = new Set(places.filter((i) => !isWhole(words[i] as string) && random.uniform() < rate));
  const plain = places.filter((i) => isNegation(words[i] as string) || !isWhole(words[i] as string));
  if (plain.every((i) => drawn.has(i))) drawn.delete(plain[random.integer(plain.length)] as number);
  const kept = places.filter((i) => !drawn.has(i));
  // The space before a word goes with it; the text begins and ends as before.
  const between = kept.slice(1).map((i) => spaces[i] as string);
  return joined({
    words: kept.map((i) => words[i] as string),
    spaces: [spaces[0] as string, ...between, spaces.at(-1) as string],
  });
}

function swapWords({ words, spaces }: ParsedText, rate: number, random: RandomStream): string {
  const swapped = [...words];
  const used = new Set<number>();
  let left = altered(words, rate);
  for (const i of random.shuffle(words.keys())) {
    const [word, next] = [words[i] as string, words[i + 1]];
    const taken = used.has(i) || used.has(i + 1);
    if (left === 0 || taken || next === undefined || isNegation(word) || isNegation(next)) continue;
    used.add(i).add(i + 1);
    swapped[i] = next;
    swapped[i + 1] = word;
    left--;
  }
  return joined({ words: swapped, spaces });
}

function mistypeWords({ words, spaces }: ParsedText, rate: number, random: RandomStream): string {
  const candidates = [...words.keys()].filter((i) => !isWhole(words[i] as string) && longRuns(words[i] as string)[0]);
  const chosen = new Set(random.shuffle(candidates).slice(0, altered(words, rate)));
  return joined({ words: words.map((word, i) => (chosen.has(i) ? mistyped(word, random) : word)), spaces });
}

function altered(words: readonly string[], rate: number): number {
  return Math.max(1, Math.round(rate * words.length));
}

/** Runs of at least 4 letters. */
function longRuns(word: string): RegExpExecArray[] {
  return [...word.matchAll(/(?:\p{L}\p{M}*){4,}/gu)];
}

function mistyped(word: string, random: RandomStream): string {
  const runs = longRuns(word);
  const run = runs[random.integer(runs.length)] as RegExpExecArray;
  const letters = run[0].match(/\p{L}\p{M}*/gu) as string[];
  const places = [...letters.keys()].slice(1);
  const transposable = places.filter((i) => i + 1 < letters.length && letters[i] !== letters[i + 1]);
  const replaceable = places.filter((i) => neighboursOf(letters[i] as string).length > 0);
  const transposes = replaceable.length === 0 || (transposable.length > 0 && random.uniform() < 0.5);
  const from = transposes ? transposable : replaceable;
  const place = from[random.integer(from.length)];
  if (place === undefined) return word;
  const letter = letters[place] as string;
  if (transposes) letters.splice(place, 2, letters[place + 1] as string, letter);
  else letters[place] = neighboursOf(letter)[random.integer(neighboursOf(letter).length)] as string;
  return word.slice(0, run.index) + letters.join('') + word.slice(run.index + run[0].length);
}

const keyboardRows = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'];

/** The letters left and right of it on a QWERTY keyboard, in its case; none of other letters. */
function neighboursOf(letter: string): string[] {
  const lower = letter.toLowerCase();
  const row = keyboardRows.find((own) => lower.length === 1 && own.includes(lower)) ?? '';
  const at = row.indexOf(lower);
  if (row === '') return [];
  return [...row.slice(Math.max(0, at - 1), at), ...row.slice(at + 1, at + 2)].map((neighbour) =>
    letter === lower ? neighbour : neighbour.toUpperCase(),
  );
}

/** Neither deleted nor altered: negations, and what is no plain word. */
function isWhole(word: string): boolean {
  return isNegation(word) || !/[\p{L}\p{N}]/u.test(word) || wholes.some((pattern) => pattern.test(word));
}

const wholes = [
  /\[[^[\]]*\]/,
  /:\/\/|^\W*www\./i,
  /@[\p{L}\p{N}_]/u,
  /&#?\w+;/,
  /\p{Extended_Pictographic}|\p{Regional_Indicator}/u,
  // Emoticons that have letters or digits: :D, :-P, ;o), D:, xD, <3, T_T, o.O
  /^\W*[:;=8][-'^o]?[)(\][DPpOoSsXx3|/\\*]+\W*$/,
  /^[DXdO]+[-']?[:;=]$/,
  /^\W*[xX]D+\W*$/,
  /^\W*<\/?3+\W*$/,
  /^\W*(\p{L})[_.]+\1\W*$/iu,
];

const negations = new Set(
  [
    'no not nor none never neither nobody nothing nowhere cannot without hardly barely scarcely nope',
    'aint arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mustnt neednt shouldnt wasnt werent wont wouldnt',
  ].flatMap((words) => words.split(' ')),
);

/** Whether a part of the word, which may be hyphenated, denies something; also without its apostrophe. */
function isNegation(word: string): boolean {
  return word
    .toLowerCase()
    .replaceAll('’', "'")
    .split(/[^\p{L}\p{M}']+/u)
    .some((part) => negations.has(part.replaceAll("'", '')) || part.includes("n't"));
}

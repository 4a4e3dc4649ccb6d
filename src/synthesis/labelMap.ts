import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { emotions } from '../data/emotions.ts';
import { didYouMean } from '../didYouMean.ts';
import { type Problem, systemErrorCode, throwIfAny, UserError } from '../errors.ts';
import { parseJson } from '../parseJson.ts';
import type { Emotion } from './emotion.ts';
import type { Rating } from './stages/labels.ts';

/** What emotions outside of the taxonomy stand for: one of it, or null for words that are no emotion and are dropped. */
export type LabelMap = ReadonlyMap<string, Emotion | null>;

/** Emotions kept of an utterance, as in Emo Pillars. */
const most = 5;

const taxonomy: ReadonlySet<string> = new Set(emotions);

/**
 * The map that comes with the project, extended and overridden by a user's file: a JSON object word → emotion or null.
 *
 * @throws UserError LABEL_MAP_MISSING, LABEL_MAP_INVALID, LABEL_MAP_UNKNOWN_EMOTION, LABEL_MAP_REDEFINES_EMOTION, all at once
 */
export async function loadLabelMap(file: string | undefined): Promise<LabelMap> {
  const own = JSON.parse(readFileSync(new URL('labelMap.json', import.meta.url), 'utf8'));
  return new Map([...check(own, 'labelMap.json'), ...(file === undefined ? [] : await readLabelMap(file))]);
}

async function readLabelMap(file: string): Promise<LabelMap> {
  const problem = (code: string, given: string): UserError =>
    new UserError({
      code,
      given,
      expected: 'a JSON object such as {"wistfulness": "sadness", "irony": null}',
      remedy: 'Correct it; the labels-to-review.json of a synthesis is of that form.',
    });
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    throw problem('LABEL_MAP_MISSING', `${file} (${systemErrorCode(error)})`);
  });
  const parsed = z.record(z.string(), z.string().nullable()).safeParse(parseJson(text));
  if (!parsed.success) throw problem('LABEL_MAP_INVALID', `${file}, which is none`);
  return check(parsed.data, file);
}

function check(map: Readonly<Record<string, string | null>>, file: string): LabelMap {
  const problems: Problem[] = [];
  const entries = Object.entries(map).flatMap(([word, emotion]) => {
    const key = normalise(word);
    if (isEmotion(key)) {
      problems.push({
        code: 'LABEL_MAP_REDEFINES_EMOTION',
        given: `${file}, "${word}"`,
        expected: 'a word that is not of the taxonomy',
        remedy: 'Remove the entry.',
      });
      return [];
    }
    if (emotion === null || isEmotion(emotion)) return [[key, emotion] as const];
    problems.push({
      code: 'LABEL_MAP_UNKNOWN_EMOTION',
      given: `${file}, "${word}": "${emotion}"`,
      expected: `null or one of ${emotions.join(', ')}`,
      remedy: `Correct it.${didYouMean(emotion, [...emotions])}`,
    });
    return [];
  });
  throwIfAny(problems);
  return new Map(entries);
}

/** What became of the words for an utterance's emotions. */
export interface MappedEmotions {
  /** At most five, the strongest first, of equally strong ones in the order of the taxonomy; above 0 and up to 1. */
  readonly emotions: readonly (readonly [Emotion, number])[];
  /** Words that the map took to the taxonomy. */
  readonly remapped: readonly string[];
  /** Words that the map drops. */
  readonly dropped: readonly string[];
  /** Words that nothing is known of; dropped too. */
  readonly unknown: readonly string[];
}

/**
 * Brings an utterance's ratings to the taxonomy. Of two that become the same emotion the stronger one counts; those of
 * expressiveness 0 are left out.
 */
export function mapEmotions(ratings: readonly Rating[], map: LabelMap): MappedEmotions {
  const strengths = new Map<Emotion, number>();
  const remapped: string[] = [];
  const dropped: string[] = [];
  const unknown: string[] = [];
  for (const { emotion, expressiveness } of ratings) {
    const word = normalise(emotion);
    const known = isEmotion(word) ? word : map.get(word);
    if (known === undefined) unknown.push(word);
    else if (known === null) dropped.push(word);
    else {
      if (known !== word) remapped.push(word);
      if (expressiveness > 0) strengths.set(known, Math.max(expressiveness, strengths.get(known) ?? 0));
    }
  }
  const inOrder = emotions.flatMap((name) => {
    const strength = strengths.get(name);
    return strength === undefined ? [] : [[name, strength] as const];
  });
  return { emotions: inOrder.toSorted((a, b) => b[1] - a[1]).slice(0, most), remapped, dropped, unknown };
}

/** Words differ in case, accents' composition, hyphens and full stops without meaning anything else. */
function normalise(word: string): string {
  return word
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .replace(/^[\s"'“”.,;:!]+|[\s"'“”.,;:!]+$/g, '');
}

function isEmotion(word: string): word is Emotion {
  return taxonomy.has(word);
}

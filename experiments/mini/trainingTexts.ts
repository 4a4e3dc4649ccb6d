import { join } from 'node:path';
import { readStories } from '../../src/data/embedded.ts';
import { readGoEmotions } from '../../src/data/goEmotions.ts';
import { stream } from '../../src/random.ts';

/**
 * What the student learns on, without repetitions: GoEmotions' training split (all rows, those with several labels
 * too) and all prose of the embedded corpus' training stories. No text of a validation or test split is among them.
 */
export async function trainingTexts(dataFolder: string): Promise<string[]> {
  const { splits } = await readGoEmotions(join(dataFolder, 'goemotions'));
  const { stories, utterances } = await readStories();
  const training = stories.filter(({ split }) => split === 'train');
  const ids = new Set(training.map(({ id }) => id));
  return [
    ...new Set([
      ...splits.train.map(({ text }) => text),
      ...utterances.flatMap(({ story, utterance, context }) => (ids.has(story) ? [utterance, context] : [])),
      ...training.flatMap(({ title, plot, setting, characters }) => [
        title,
        plot,
        setting,
        ...Object.values(characters),
      ]),
    ]),
  ];
}

/** Words of the shortest piece and of the longest. */
const pieceLength = { from: 1, to: 12 };

/**
 * `count` more texts made of the given ones: every other one a piece of a text, a run of words; the rest two texts
 * joined. The teacher embeds any text, so the student may learn from as many as there is time for; pieces teach it what
 * single words and phrases mean, joined texts what longer ones do.
 */
export function piecesAndPairs(texts: readonly string[], count: number, seed: number): string[] {
  const random = stream(seed, 'piecesAndPairs');
  const any = () => texts[random.integer(texts.length)] ?? '';
  return Array.from({ length: count }, (_, i) => {
    if (i % 2 === 1) return `${any()} ${any()}`;
    const words = any().split(/\s+/);
    const length = Math.min(words.length, pieceLength.from + random.integer(pieceLength.to - pieceLength.from + 1));
    const start = random.integer(words.length - length + 1);
    return words.slice(start, start + length).join(' ');
  });
}

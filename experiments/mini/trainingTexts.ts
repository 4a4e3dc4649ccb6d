import { readStories } from '../../src/data/embedded.ts';
import { readGoEmotions } from '../../src/data/goEmotions.ts';

/**
 * What the student learns on, without repetitions: GoEmotions' training split (all rows, those with several labels
 * too) and all prose of the embedded corpus' training stories. No text of a validation or test split is among them.
 */
export async function trainingTexts(dataFolder: string): Promise<string[]> {
  const { splits } = await readGoEmotions({ dataFolder });
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

import { describe, expect, it } from 'vitest';
import { trainingTexts } from '../../../experiments/mini/trainingTexts.ts';
import { readStories } from '../../../src/data/embedded.ts';
import { temporaryFolder } from '../../data/temporaryFolder.ts';

describe('training texts', () => {
  it('are those of training splits only, each once', async () => {
    const dataFolder = await temporaryFolder({
      'goemotions/labels.txt': 'joy\nfear',
      'goemotions/train.tsv': 'seen\t0\tid1\nseen too\t0,1\tid2\nseen\t1\tid3\n',
      'goemotions/dev.tsv': 'held out\t1\tid5\n',
      'goemotions/test.tsv': 'held out too\t0\tid6\n',
    });
    const texts = await trainingTexts(dataFolder);
    const { stories, utterances } = await readStories();
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.slice(0, 2)).toEqual(['seen', 'seen too']);
    expect(texts.filter((text) => text.startsWith('held out'))).toEqual([]);
    const splits = new Map(stories.map(({ id, split }) => [id, split]));
    const kept = new Set(texts);
    for (const { story, utterance } of utterances) {
      expect(kept.has(utterance), utterance).toBe(splits.get(story) === 'train');
    }
  });
});

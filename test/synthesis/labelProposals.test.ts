import { expect, it } from 'vitest';
import { places } from '../../src/cli/environment.ts';
import { emotions } from '../../src/data/emotions.ts';
import { loadEmbedder } from '../../src/synthesis/embedder.ts';
import { loadLabelMap } from '../../src/synthesis/labelMap.ts';
import { proposeLabels } from '../../src/synthesis/labelProposals.ts';

it('proposes the emotion with the greatest cosine', async () => {
  const embedder = await loadEmbedder('mini', places({}).encoders);
  const words = ['foreboding', 'saudade', 'glee'];
  const proposals = await proposeLabels(words, embedder);
  expect(proposals.map(({ word }) => word)).toEqual(words);
  for (const { word, emotion, cosine } of proposals) {
    const cosines: number[] = [];
    for (const name of emotions) {
      const { data, columns } = await embedder.embed([`a feeling of ${word}`, `a feeling of ${name}`]);
      let product = 0;
      for (let j = 0; j < columns; j++) product += (data[j] ?? 0) * (data[columns + j] ?? 0);
      cosines.push(product);
    }
    expect(emotion).toBe(emotions[cosines.indexOf(Math.max(...cosines))]);
    expect(cosine).toBeCloseTo(Math.max(...cosines), 5);
  }
  expect(await proposeLabels([], embedder)).toEqual([]);
});

it('is right for a good part of the words that were assigned by hand', async () => {
  const embedder = await loadEmbedder('mini', places({}).encoders);
  const map = await loadLabelMap(undefined);
  const proposals = await proposeLabels([...map.keys()], embedder);
  const right = proposals.filter(({ word, emotion }) => map.get(word) === emotion).length;
  // By chance it would be 1 of 28.
  expect(right / map.size).toBeGreaterThan(0.25);
});

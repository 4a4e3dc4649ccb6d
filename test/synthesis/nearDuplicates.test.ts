import { expect, it } from 'vitest';
import { places } from '../../src/cli/environment.ts';
import { row } from '../../src/evaluation/matrix.ts';
import { loadEmbedder } from '../../src/synthesis/embedder.ts';
import { isNearDuplicate } from '../../src/synthesis/nearDuplicates.ts';
import { synthesisOptionsSchema } from '../../src/synthesis/options.ts';

const { maxSimilarity } = synthesisOptionsSchema.parse({ model: 'any' });

it.each([
  [true, "I can't believe you came all this way for me.", "I can't believe you came all this way just for me."],
  [true, "Put the lamp down, you'll burn the whole house.", 'Put that lamp down or you will burn the whole house.'],
  [true, 'Thank you, I will never forget this.', "Thank you so much, I'll never forget this."],
  [true, 'I never wanted the ring, keep it.', 'Keep the ring, I never wanted it.'],
  [false, 'I never wanted the ring, keep it.', 'I always wanted the ring, give it to me.'],
  [false, "I'm so proud of you, son.", "I'm so ashamed of you, son."],
  [false, 'The boat leaves at six from the north pier.', 'I never wanted the ring, keep it.'],
])('by mini and the default limit: %s, of "%s" and "%s"', async (expected, first, second) => {
  const embedder = await loadEmbedder('mini', places({}).encoders);
  const pair = await embedder.embed([first, second]);
  expect(isNearDuplicate(row(pair, 0), [row(pair, 1)], maxSimilarity)).toBe(expected);
});

it('compares with each of the others, and a cosine at the limit is no duplicate', () => {
  const [x, y] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
  const between = Float32Array.of(0.5, Math.sqrt(0.75));
  expect(isNearDuplicate(x, [], 0.4)).toBe(false);
  expect(isNearDuplicate(x, [y, between], 0.4)).toBe(true);
  expect(isNearDuplicate(x, [y, between], 0.5)).toBe(false);
});

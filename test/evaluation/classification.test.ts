import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classificationScores } from '../../src/evaluation/classification.ts';
import golden from './golden/classification.json' with { type: 'json' };

describe('against scikit-learn', () => {
  it.each(golden.map((example, i) => [i, example] as const))('case %i', (_, { truth, predicted, ...expected }) => {
    const scores = classificationScores(truth, predicted);
    expect(scores.accuracy).toBeCloseTo(expected.accuracy, 12);
    expect(scores.macroF1).toBeCloseTo(expected.macroF1, 12);
    expect(scores.weightedF1).toBeCloseTo(expected.weightedF1, 12);
  });
});

it('gives the published scores of a DistilBERT emotion classifier from its counts', () => {
  // Per class: texts, predictions, hits. The scores do not depend on which wrong class a miss went to.
  const support = [581, 695, 159, 275, 224, 66];
  const predictions = [598, 668, 175, 269, 231, 59];
  const hits = [569, 644, 137, 253, 202, 47];
  const repeat = (counts: readonly number[]) => counts.flatMap((count, label) => Array<number>(count).fill(label));
  const missed = repeat(support.map((count, label) => count - (hits[label] ?? 0)));
  const wrong = repeat(predictions.map((count, label) => count - (hits[label] ?? 0)));
  const shifted = wrong
    .map((_, shift) => [...wrong.slice(shift), ...wrong.slice(0, shift)])
    .find((candidate) => candidate.every((label, i) => label !== missed[i]));
  expect(shifted).toBeDefined();

  const scores = classificationScores([...repeat(hits), ...missed], [...repeat(hits), ...(shifted ?? [])]);
  expect(scores.accuracy).toBeCloseTo(0.926, 4);
  expect(scores.weightedF1).toBeCloseTo(0.9262, 4);
  expect(scores.macroF1).toBeCloseTo(0.8834, 4);
});

describe('properties', () => {
  const labels = fc.integer({ min: 0, max: 5 });
  const pairs = fc.array(fc.tuple(labels, labels), { minLength: 1, maxLength: 40 });
  const scoresOf = (list: readonly (readonly [number, number])[], rename = (label: number) => label) =>
    classificationScores(
      list.map(([truth]) => rename(truth)),
      list.map(([, predicted]) => rename(predicted)),
    );

  it('lie between 0 and 1, and are 1 for a perfect prediction only', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const perfect = list.every(([truth, predicted]) => truth === predicted);
        for (const score of Object.values(scoresOf(list))) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1 + 1e-12);
          expect(Math.abs(score - 1) < 1e-12).toBe(perfect);
        }
      }),
    );
  });

  it('depend neither on the names of the classes nor on the order of the texts', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const scores = scoresOf(list);
        for (const changed of [scoresOf(list, (label) => (label * 5 + 2) % 7), scoresOf(list.toReversed())]) {
          expect(changed.accuracy).toBeCloseTo(scores.accuracy, 12);
          expect(changed.macroF1).toBeCloseTo(scores.macroF1, 12);
          expect(changed.weightedF1).toBeCloseTo(scores.weightedF1, 12);
        }
      }),
    );
  });
});

it('refuses nothing to score and lists of different lengths', () => {
  expect(() => classificationScores([], [])).toThrow(RangeError);
  expect(() => classificationScores([1], [1, 2])).toThrow('cannot score 2 predictions against 1 labels');
});

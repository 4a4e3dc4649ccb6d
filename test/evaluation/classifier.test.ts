import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifierEvaluationSchema, classifierScores } from '../../src/evaluation/classifier.ts';
import { measureOf } from '../../src/evaluation/measures.ts';
import type { Probabilities } from '../../src/evaluation/probabilities.ts';
import classification from './golden/classification.json' with { type: 'json' };
import probabilities from './golden/probabilities.json' with { type: 'json' };

function names(classes: number): string[] {
  return Array.from({ length: classes }, (_, label) => `${label}`);
}

/** As of a classifier that is sure of its predictions. */
function sure(predicted: readonly number[], classes: number): Probabilities {
  return { values: predicted.flatMap((own) => names(classes).map((_, label) => Number(label === own))), classes };
}

describe('scores are scikit-learn’s', () => {
  it.each(classification.map((example, i) => [i, example] as const))('of predictions, case %i', (_, example) => {
    const { truth, predicted, accuracy, macroF1, weightedF1 } = example;
    const classes = 1 + Math.max(...truth, ...predicted);
    const scores = classifierScores(truth, { predicted, probabilities: sure(predicted, classes) }, names(classes));
    const report = example.report as unknown as Record<string, Record<string, number>>;
    const expected = {
      accuracy,
      macroF1,
      weightedF1,
      macroPrecision: report['macro avg']?.precision,
      macroRecall: report['macro avg']?.recall,
      weightedPrecision: report['weighted avg']?.precision,
    };
    for (const [name, value] of Object.entries(expected)) {
      expect(scores[name as keyof typeof expected], name).toBeCloseTo(value as number, 12);
    }
  });

  it.each(probabilities.map((example, i) => [i, example] as const))('of probabilities, case %i', (_, {
    truth,
    classes,
    probabilities: values,
    ...expected
  }) => {
    const predicted = truth.map((_own, i) => {
      const own = values.slice(i * classes, (i + 1) * classes);
      return own.indexOf(Math.max(...own));
    });
    const scores = classifierScores(truth, { predicted, probabilities: { values, classes } }, names(classes));
    for (const name of ['logLoss', 'calibrationError', 'rocAuc', 'rocAucWeighted'] as const) {
      expect(scores[name], name).toBeCloseTo(expected[name], 10);
    }
    expect(scores.accuracy).toBe(truth.filter((label, i) => label === predicted[i]).length / truth.length);
  });
});

it('gives the published scores of a DistilBERT emotion classifier from its counts', () => {
  // Per class: texts, predictions, hits. Misses are handed out to the classes that are predicted too often.
  const support = [581, 695, 159, 275, 224, 66];
  const predictions = [598, 668, 175, 269, 231, 59];
  const hits = [569, 644, 137, 253, 202, 47];
  const repeat = (counts: readonly number[]) => counts.flatMap((count, label) => Array<number>(count).fill(label));
  const missed = repeat(support.map((count, label) => count - (hits[label] as number)));
  const wrong = repeat(predictions.map((count, label) => count - (hits[label] as number)));
  const shift = wrong.findIndex((_, s) => wrong.every((__, i) => wrong[(i + s) % wrong.length] !== missed[i]));
  expect(shift).toBeGreaterThan(0);
  const truth = [...repeat(hits), ...missed];
  const predicted = [...repeat(hits), ...wrong.slice(shift), ...wrong.slice(0, shift)];

  const scores = classifierScores(truth, { predicted, probabilities: sure(predicted, 6) }, names(6));
  expect(scores).toMatchObject({
    accuracy: expect.closeTo(0.926, 4),
    weightedPrecision: expect.closeTo(0.9272, 4),
    weightedF1: expect.closeTo(0.9262, 4),
    macroPrecision: expect.closeTo(0.885, 4),
    macroRecall: expect.closeTo(0.8836, 4),
    macroF1: expect.closeTo(0.8834, 4),
    hardRocAuc: expect.closeTo(0.934186, 6),
    hardRocAucWeighted: expect.closeTo(0.954361, 6),
  });
  // The area below the one threshold that certain probabilities leave is that of the predictions.
  expect(scores.rocAuc).toBeCloseTo(scores.hardRocAuc, 12);
  expect(scores.rocAucWeighted).toBeCloseTo(scores.hardRocAucWeighted, 12);
});

it('every score has a measure and lies in its range', () => {
  const classes = 4;
  const text = fc.record({
    truth: fc.nat(classes - 1),
    predicted: fc.nat(classes - 1),
    weights: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: classes, maxLength: classes }),
  });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), (texts) => {
      const values = texts.flatMap(({ weights }) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        return weights.map((weight) => (total === 0 ? 1 / classes : weight / total));
      });
      const scores = classifierScores(
        texts.map(({ truth }) => truth),
        { predicted: texts.map(({ predicted }) => predicted), probabilities: { values, classes } },
        names(classes),
      );
      expect(Object.keys(scores)).toHaveLength(12);
      for (const [name, value] of Object.entries(scores)) {
        const [least, greatest] = measureOf(`classifier.${name}`)?.range ?? [];
        expect(value, name).toBeGreaterThanOrEqual(least as number);
        expect(value, name).toBeLessThanOrEqual((greatest as number) + 1e-12);
      }
    }),
  );
});

it('examples are sentences, by default none', () => {
  expect(classifierEvaluationSchema.parse({})).toMatchObject({ examples: [] });
  expect(classifierEvaluationSchema.safeParse({ examples: [''] }).success).toBe(false);
  expect(classifierEvaluationSchema.safeParse({ example: ['a'] }).success).toBe(false);
});

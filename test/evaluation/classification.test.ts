import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classificationReport, classificationScores, confusions } from '../../src/evaluation/classification.ts';
import golden from './golden/classification.json' with { type: 'json' };

describe('against scikit-learn', () => {
  it.each(golden.map((example, i) => [i, example] as const))('case %i', (_, { truth, predicted, ...expected }) => {
    const scores = classificationScores(truth, predicted);
    expect(scores.accuracy).toBeCloseTo(expected.accuracy, 12);
    expect(scores.macroF1).toBeCloseTo(expected.macroF1, 12);
    expect(scores.weightedF1).toBeCloseTo(expected.weightedF1, 12);
  });

  it.each(golden.map((example, i) => [i, example] as const))('the report and the mistakes of case %i', (_, {
    truth,
    predicted,
    report: expected,
    confusion,
    labels,
  }) => {
    const names = Array.from({ length: 40 }, (_, label) => `${label}`);
    const report = classificationReport({ truth, predicted }, names);
    expect(report.classes.map(({ label }) => Number(label))).toEqual(labels);
    const rows = expected as unknown as Record<string, Record<string, number>>;
    const expectRow = (actual: { precision: number; recall: number; f1: number }, name: string) => {
      expect(actual.precision).toBeCloseTo(rows[name]?.precision ?? Number.NaN, 12);
      expect(actual.recall).toBeCloseTo(rows[name]?.recall ?? Number.NaN, 12);
      expect(actual.f1).toBeCloseTo(rows[name]?.['f1-score'] ?? Number.NaN, 12);
    };
    for (const own of report.classes) {
      expectRow(own, own.label);
      expect(own.support).toBe(rows[own.label]?.support);
    }
    expectRow(report.macro, 'macro avg');
    expectRow(report.weighted, 'weighted avg');
    expect(report.accuracy).toBeCloseTo(classificationScores(truth, predicted).accuracy, 12);

    const mistakes = confusions({ truth, predicted }, names);
    const cells = confusion.flatMap((row, i) =>
      row.flatMap((texts, j) => (i !== j && texts > 0 ? [`${labels[i]} ${labels[j]} ${texts}`] : [])),
    );
    expect(mistakes.map(({ truth: is, predicted: taken, texts }) => `${is} ${taken} ${texts}`).sort()).toEqual(
      cells.sort(),
    );
    expect(mistakes.map(({ texts }) => texts)).toEqual(mistakes.map(({ texts }) => texts).sort((a, b) => b - a));
    for (const { truth: is, texts, share } of mistakes) expect(share).toBe(texts / (rows[is]?.support ?? Number.NaN));
  });
});

it('counts drawn items as often as they are drawn', () => {
  const [truth, predicted] = [
    [0, 1, 2, 1],
    [0, 2, 2, 1],
  ];
  const drawn = [3, 0, 0, 1, 1, 1];
  expect(classificationScores(truth, predicted, Int32Array.from(drawn))).toEqual(
    classificationScores(
      drawn.map((i) => truth[i] as number),
      drawn.map((i) => predicted[i] as number),
    ),
  );
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

  const truth = [...repeat(hits), ...missed];
  const predicted = [...repeat(hits), ...(shifted ?? [])];
  const { macro, weighted, hardRocAuc } = classificationReport({ truth, predicted }, []);
  expect(weighted.precision).toBeCloseTo(0.9272, 4);
  expect(macro.precision).toBeCloseTo(0.885, 4);
  expect(macro.recall).toBeCloseTo(0.8836, 4);
  expect(hardRocAuc.weighted).toBeCloseTo(0.954361, 6);
  expect(hardRocAuc.macro).toBeCloseTo(0.934186, 6);
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

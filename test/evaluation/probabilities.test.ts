import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProbabilityScores, probabilityScores, sharesOf } from '../../src/evaluation/probabilities.ts';
import golden from './golden/probabilities.json' with { type: 'json' };

describe('probabilityScores', () => {
  it.each(
    golden.map((example) => [example.classes, example] as const),
  )('are scikit-learn’s for %i classes, and the calibration error NumPy’s', (classes, {
    truth,
    probabilities,
    ...expected
  }) => {
    const scores = probabilityScores(truth, { values: probabilities, classes });
    for (const name of [
      'logLoss',
      'calibrationError',
      'rocAuc',
      'rocAucWeighted',
    ] satisfies (keyof ProbabilityScores)[]) {
      expect(scores[name], name).toBeCloseTo(expected[name], 10);
    }
  });

  it('are best for a classifier that knows', () => {
    const values = [1, 0, 0, 1, 1, 0];
    expect(probabilityScores([0, 1, 0], { values, classes: 2 })).toEqual({
      logLoss: 0,
      calibrationError: 0,
      rocAuc: 1,
      rocAucWeighted: 1,
    });
  });

  it('are finite for a classifier that is sure and wrong, and for classes that it does not know', () => {
    for (const truth of [
      [1, 0],
      [5, 0],
    ]) {
      const { logLoss, rocAuc } = probabilityScores(truth, { values: [1, 0, 0, 1], classes: 2 });
      expect(logLoss).toBeGreaterThan(10);
      expect(Number.isFinite(logLoss)).toBe(true);
      // Of the class that is never likely there are only ties.
      expect(rocAuc).toBe(truth[0] === 5 ? 0.25 : 0);
    }
  });

  it('cannot tell a single class from a rest', () => {
    expect(probabilityScores([0, 0], { values: [0.9, 0.1, 0.4, 0.6], classes: 2 })).toMatchObject({
      rocAuc: 0.5,
      rocAucWeighted: 0.5,
    });
  });

  it('refuses what does not fit together', () => {
    expect(() => probabilityScores([0], { values: [1], classes: 2 })).toThrow(
      'cannot score 1 probabilities of 2 classes',
    );
    expect(() => probabilityScores([], { values: [], classes: 2 })).toThrow(RangeError);
  });
});

describe('sharesOf', () => {
  const rowsOf = ({ values, classes }: ReturnType<typeof sharesOf>) =>
    Array.from({ length: values.length / classes }, (_, text) =>
      Array.from({ length: classes }, (_own, label) => values[text * classes + label] as number),
    );

  it('are of each text by itself, and alike where no class is likely at all', () => {
    const values = Float32Array.of(0.5, 0.5, 1, 0, 0, 0, 0.25, 0, 0);
    expect(rowsOf(sharesOf({ values, classes: 3 }))).toEqual([
      [0.25, 0.25, 0.5],
      [1 / 3, 1 / 3, 1 / 3],
      [1, 0, 0],
    ]);
    expect([...values]).toEqual([0.5, 0.5, 1, 0, 0, 0, 0.25, 0, 0]);
  });

  it('add up to 1, and are as their probabilities are to each other', () => {
    const probability = fc.double({ min: 1e-9, max: 1, noNaN: true });
    const drawn = fc.tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 5 })).chain(([classes, texts]) =>
      fc.record({
        classes: fc.constant(classes),
        values: fc.array(probability, { minLength: classes * texts, maxLength: classes * texts }),
      }),
    );
    fc.assert(
      fc.property(drawn, ({ classes, values }) => {
        for (const [text, row] of rowsOf(sharesOf({ values, classes })).entries()) {
          const own = values.slice(text * classes, (text + 1) * classes);
          expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
          for (const [label, share] of row.entries()) {
            expect(share * (own[0] as number)).toBeCloseTo((row[0] as number) * (own[label] as number), 12);
          }
        }
      }),
    );
  });

  it('of a distribution are itself', () => {
    expect(sharesOf({ values: [0.25, 0.75, 1, 0], classes: 2 })).toEqual({
      values: Float64Array.of(0.25, 0.75, 1, 0),
      classes: 2,
    });
  });
});

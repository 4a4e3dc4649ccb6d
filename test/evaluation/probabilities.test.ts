import { describe, expect, it } from 'vitest';
import { type ProbabilityScores, probabilityScores } from '../../src/evaluation/probabilities.ts';
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

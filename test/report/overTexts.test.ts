import { describe, expect, test } from 'vitest';
import { stream } from '../../src/random.ts';
import { type ClassifierPredictions, intervalsOverTexts, resamples } from '../../src/report/overTexts.ts';

const random = stream(1, 'texts');
const texts = 300;
// Classes of different sizes, so that the averages of F1 are told apart.
const truth = Array.from({ length: texts }, () => [0, 0, 0, 0, 0, 0, 0, 1, 1, 2][random.integer(10)] as number);
/** Right in so many of 100 texts. */
const guesses = (percent: number) =>
  truth.map((label) => (random.integer(100) < percent ? label : (label + 1 + random.integer(2)) % 3));
const of = (
  predicted: readonly number[],
  classifier = 'knn',
  own: readonly number[] = truth,
): ClassifierPredictions => ({
  classifier,
  truth: own,
  predicted,
});

// The second finds more of the rare classes.
const a = guesses(60);
const b = a.map((guess, i) => (truth[i] !== 0 && random.integer(10) < 8 ? (truth[i] as number) : guess));
const isRight = (predicted: readonly number[]) => predicted.map((label, i) => (label === truth[i] ? 1 : 0));

/** F1 of a class from its precision and recall. */
function f1(label: number, predicted: readonly number[]): number {
  const share = (list: readonly boolean[]) => (list.length === 0 ? 0 : list.filter(Boolean).length / list.length);
  const precision = share(predicted.flatMap((guess, i) => (guess === label ? [truth[i] === label] : [])));
  const recall = share(truth.flatMap((own, i) => (own === label ? [predicted[i] === label] : [])));
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

describe('intervalsOverTexts', () => {
  const intervals = intervalsOverTexts([of(a)], [of(b)]);

  test('are by metric', () => {
    expect([...intervals.keys()].sort()).toEqual(['knn.accuracy', 'knn.macroF1', 'knn.weightedF1']);
  });

  test('of the accuracy are about ±1.96 standard errors of the paired differences', () => {
    const differences = isRight(b).map((right, i) => right - (isRight(a)[i] as number));
    let mean = 0;
    for (const each of differences) mean += each / texts;
    let squares = 0;
    for (const each of differences) squares += (each - mean) ** 2;
    const error = Math.sqrt(squares / (texts - 1) / texts);
    const { low = 0, high = 0 } = intervals.get('knn.accuracy') ?? {};
    // A thousand drawings find the ends of the interval to a tenth of its half width.
    expect(Math.abs(low - (mean - 1.96 * error))).toBeLessThan(0.2 * error);
    expect(Math.abs(high - (mean + 1.96 * error))).toBeLessThan(0.2 * error);
  });

  test('of F1 are about the difference of all texts', () => {
    const shares = [0, 1, 2].map((label) => truth.filter((own) => own === label).length / texts);
    const differences = [0, 1, 2].map((label) => f1(label, b) - f1(label, a));
    const macro = differences.reduce((sum, each) => sum + each / 3, 0);
    const weighted = differences.reduce((sum, each, label) => sum + each * (shares[label] as number), 0);
    for (const [metric, difference] of [
      ['knn.macroF1', macro],
      ['knn.weightedF1', weighted],
    ] as const) {
      const { low = 1, high = 0 } = intervals.get(metric) ?? {};
      expect(Math.abs((low + high) / 2 - difference)).toBeLessThan((high - low) / 20);
      expect(high - low).toBeGreaterThan(0.05);
      expect(high - low).toBeLessThan(0.3);
    }
  });

  test('are b − a: the other way round they are mirrored', () => {
    for (const [metric, { low, high }] of intervalsOverTexts([of(b)], [of(a)])) {
      expect(low).toBeCloseTo(-(intervals.get(metric)?.high ?? 0), 12);
      expect(high).toBeCloseTo(-(intervals.get(metric)?.low ?? 0), 12);
    }
  });

  test('are the same each time, and 0 of a run and itself', () => {
    expect(intervalsOverTexts([of(a)], [of(b)])).toEqual(intervals);
    for (const interval of intervalsOverTexts([of(a)], [of([...a])]).values())
      expect(interval).toEqual({ low: 0, high: 0 });
    expect(resamples).toBeGreaterThanOrEqual(1000);
  });

  test('are of the classifiers that both have, whatever their order', () => {
    const before = [of(b, 'sst2.knn'), of(a), of(a, 'only.a')];
    const after = [of(b), of(b, 'only.b'), of(b, 'sst2.knn')];
    const found = intervalsOverTexts(before, after);
    expect(new Set([...found.keys()].map((metric) => metric.replace(/\.\w+$/, '')))).toEqual(
      new Set(['knn', 'sst2.knn']),
    );
    expect(found.get('knn.accuracy')).toEqual(intervals.get('knn.accuracy'));
    expect(found.get('sst2.knn.accuracy')).toEqual({ low: 0, high: 0 });
  });

  test('there are none where the texts are not the same', () => {
    const other = truth.with(7, ((truth[7] as number) + 1) % 3);
    expect(intervalsOverTexts([of(a, 'knn', other)], [of(b)]).size).toBe(0);
    expect(intervalsOverTexts([of(a.slice(1), 'knn', truth.slice(1))], [of(b)]).size).toBe(0);
    expect(intervalsOverTexts([], [of(b)]).size).toBe(0);
    expect(intervalsOverTexts([of(a)], []).size).toBe(0);
  });

  test('take typed arrays', () => {
    const typed = { classifier: 'knn', truth: Int32Array.from(truth), predicted: Int32Array.from(a) };
    expect(intervalsOverTexts([typed], [of(b)])).toEqual(intervals);
  });
});

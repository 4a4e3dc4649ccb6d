import { describe, expect, it } from 'vitest';
import { placesOf } from '../../src/data/circumplex.ts';
import { affectScores } from '../../src/evaluation/affect.ts';
import { measureOf } from '../../src/evaluation/measures.ts';
import { stream } from '../../src/random.ts';
import golden from './golden/affect.json' with { type: 'json' };

/** Pearson's correlation by its definition, in explicit loops. */
function pearson(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    const [x, y] = [value - meanA, (b[i] as number) - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

describe('affectScores', () => {
  it.each(
    golden.cases.map((example) => [example.labels.length, example] as const),
  )('have the errors of scikit-learn and the correlations of SciPy; %i texts', (_, {
    found,
    labels,
    places,
    valence,
    intensity,
  }) => {
    const scores = affectScores(found, labels, places);
    expect(scores.valenceError).toBeCloseTo(valence.error, 12);
    expect(scores.valenceCorrelation).toBeCloseTo(valence.correlation, 10);
    expect(scores.intensityError).toBeCloseTo(intensity.error, 12);
    expect(scores.intensityCorrelation).toBeCloseTo(intensity.correlation, 10);
  });

  it.each([2, 3, 28, 300])('are those of explicit loops, in the range of their measures; %i texts', (texts) => {
    const names = ['joy', 'fear', 'anger', 'surprise', 'sadness'];
    const places = placesOf(names);
    const random = stream(texts, 'affect');
    const labels = Int32Array.from({ length: texts }, (_, i) => (i < 2 ? i : random.integer(names.length)));
    const found = Float32Array.from({ length: 2 * texts }, (_, i) =>
      i % 2 === 0 ? 2 * random.uniform() - 1 : random.uniform(),
    );
    const scores = affectScores(found, labels, places);
    for (const [column, dimension] of (['valence', 'intensity'] as const).entries()) {
      const own = Array.from(labels, (_, i) => found[2 * i + column] as number);
      const wanted = Array.from(labels, (label) => places[dimension][label] as number);
      let error = 0;
      for (const [i, value] of own.entries()) error += Math.abs(value - (wanted[i] as number)) / texts;
      expect(scores[`${dimension}Error`]).toBeCloseTo(error, 12);
      expect(scores[`${dimension}Correlation`]).toBeCloseTo(pearson(own, wanted), 10);
    }
    for (const [name, score] of Object.entries(scores)) {
      const [least, greatest] = measureOf(`affect.${name}`)?.range ?? [];
      expect(score, name).toBeGreaterThanOrEqual((least as number) - 1e-12);
      expect(score, name).toBeLessThanOrEqual((greatest as number) + 1e-12);
    }
  });

  it('are of the dimensions of which every class has a place', () => {
    const names = ['joy', 'weariness'];
    const scoresWith = (given: Parameters<typeof placesOf>[1]) =>
      Object.keys(affectScores([0.5, 0.5, 0.1, 0.2], [0, 0], placesOf(names, given)));
    expect(scoresWith({})).toEqual([]);
    expect(scoresWith({ valence: { weariness: -0.2 } })).toEqual(['valenceError', 'valenceCorrelation']);
    expect(scoresWith({ intensity: { weariness: 0 } })).toEqual(['intensityError', 'intensityCorrelation']);
  });
});

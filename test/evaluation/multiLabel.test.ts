import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { measures } from '../../src/evaluation/measures.ts';
import {
  chooseThresholds,
  decide,
  multiLabelReport,
  multiLabelScores,
  thresholdSchema,
} from '../../src/evaluation/multiLabel.ts';
import { stream } from '../../src/random.ts';

interface Case {
  readonly classes: number;
  readonly truth: number[];
  readonly probabilities: number[];
  readonly thresholds: number[];
  readonly scores: Record<string, number>;
  readonly byClass: [precision: number, recall: number, f1: number, support: number][];
}

/** Made by golden/make_multi_label.py. */
const cases = JSON.parse(readFileSync(new URL('golden/multiLabel.json', import.meta.url), 'utf8')) as Case[];

function randomCase(texts: number, classes: number, seed: number) {
  const random = stream(seed, 'multiLabel', texts, classes);
  const truths = Uint8Array.from({ length: texts * classes }, () => Number(random.uniform() < 0.3));
  const values = Float64Array.from(truths, (own) => 0.4 * own + 0.6 * random.uniform());
  return { truths, probabilities: { values, classes } };
}

describe('scores of several classes a text', () => {
  it.each(cases.map((own, i) => [i, own] as const))('are those of scikit-learn: case %i', (_, own) => {
    const probabilities = { values: own.probabilities, classes: own.classes };
    const scores: Record<string, number> = {
      ...multiLabelScores(Uint8Array.from(own.truth), probabilities, own.thresholds),
    };
    expect(Object.keys(scores).sort()).toEqual(Object.keys(own.scores).sort());
    for (const [measure, expected] of Object.entries(own.scores)) {
      expect(scores[measure], measure).toBeCloseTo(expected, 10);
      const [least, greatest] = measures[measure as keyof typeof measures].range;
      expect(scores[measure]).toBeGreaterThanOrEqual(least);
      expect(scores[measure]).toBeLessThanOrEqual(greatest);
    }
    const all = own.thresholds.map(() => 1);
    const truth = decide({ values: own.truth, classes: own.classes }, all);
    const report = multiLabelReport(truth, decide(probabilities, own.thresholds), own.thresholds.map(String));
    for (const [i, { precision, recall, f1, support }] of report.entries()) {
      for (const [k, value] of [precision, recall, f1, support].entries()) {
        expect(value).toBeCloseTo(own.byClass[i]?.[k] ?? Number.NaN, 10);
      }
    }
  });

  it('are refused without texts, and for decisions of another number', () => {
    const none = { values: [], classes: 2 };
    expect(() => multiLabelScores(new Uint8Array(), none, [0.5, 0.5])).toThrow('cannot score 0');
    const two = { values: [0.1, 0.2], classes: 2 };
    expect(() => multiLabelScores(new Uint8Array(3), two, [0.5, 0.5])).toThrow(
      'cannot score 2 probabilities against 3',
    );
  });
});

describe('thresholds', () => {
  const tried = Array.from({ length: 91 }, (_, i) => (5 + i) / 100);

  it('are the number that is given', () => {
    const { truths, probabilities } = randomCase(5, 3, 1);
    expect(chooseThresholds(0.4, truths, probabilities)).toEqual([0.4, 0.4, 0.4]);
  });

  it.each([1, 2, 3])('are the first of those with the highest macro F1, for all classes together: %i', (seed) => {
    const { truths, probabilities } = randomCase(60, 4, seed);
    const scoreAt = (threshold: number) => multiLabelScores(truths, probabilities, Array(4).fill(threshold)).macroF1;
    const best = tried.reduce((most, own) => (scoreAt(own) > scoreAt(most) ? own : most));
    expect(chooseThresholds('tuned', truths, probabilities)).toEqual(Array(4).fill(best));
  });

  it.each([1, 2, 3])('or with the highest F1 of each class by itself: %i', (seed) => {
    const { truths, probabilities } = randomCase(60, 4, seed);
    const truth = decide({ values: truths, classes: 4 }, [1, 1, 1, 1]);
    const f1At = (label: number, threshold: number) =>
      multiLabelReport(truth, decide(probabilities, Array(4).fill(threshold)), ['a', 'b', 'c', 'd'])[label]?.f1 ?? 0;
    const best = [0, 1, 2, 3].map((label) =>
      tried.reduce((most, own) => (f1At(label, own) > f1At(label, most) ? own : most)),
    );
    expect(chooseThresholds('tunedPerClass', truths, probabilities)).toEqual(best);
    const macroF1 = (choice: 'tuned' | 'tunedPerClass') =>
      multiLabelScores(truths, probabilities, chooseThresholds(choice, truths, probabilities)).macroF1;
    expect(macroF1('tunedPerClass')).toBeGreaterThanOrEqual(macroF1('tuned'));
  });

  it('of a class that is never found is that of all, and .5 where none is', () => {
    // The second class has no text, and is as likely as the first.
    const probabilities = { values: [0.9, 0.9, 0.7, 0.7, 0.2, 0.2], classes: 2 };
    expect(chooseThresholds('tunedPerClass', Uint8Array.from([1, 0, 1, 0, 0, 0]), probabilities)).toEqual([0.21, 0.21]);
    for (const choice of ['tuned', 'tunedPerClass'] as const) {
      expect(chooseThresholds(choice, new Uint8Array(6), probabilities)).toEqual([0.5, 0.5]);
    }
  });

  it.each([0, 1, -0.1, 'best', null])('cannot be %j', (given) => {
    expect(thresholdSchema.safeParse(given).success).toBe(false);
  });
});

import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import pc from 'picocolors';
import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { classSections, exampleSections } from '../../src/report/classSections.ts';
import { noColours } from '../../src/report/terminal.ts';
import type { PredictionsRecord } from '../../src/tracking/journal.ts';
import { type Run, readRun } from '../../src/tracking/results.ts';
import { cellId, writeMadeUpResults } from './madeUpResults.ts';

let plain: Run;

beforeAll(async () => {
  plain = readRun(join(await writeMadeUpResults(), 'made-up', 'cells', cellId(0, 1)));
});

type Made = Pick<PredictionsRecord, 'labelNames' | 'truth' | 'predicted' | 'several'>;

/** Of a: three right, one taken for b; of b: two taken for a, one right; of c: one, taken for b. */
const made: Made = {
  labelNames: ['a', 'b', 'c', 'never'],
  truth: [0, 0, 0, 0, 1, 1, 1, 2],
  predicted: [0, 0, 0, 1, 0, 0, 1, 1],
};

/** Everything is taken for a, which is wrong once; b is found once of twice; d is never given, and never true is e. */
const several: Made = {
  labelNames: ['a', 'b', 'd', 'e'],
  truth: [0, 1, 0],
  predicted: [0, 0, 0],
  several: {
    truth: [[0, 1], [1], [0, 2]],
    predicted: [[0, 1], [0, 3], [0]],
    thresholds: [0.5, 0.05, 0.954, 0.256],
  },
};

function runWith(...own: readonly (Made & { readonly classifier?: string })[]): Run {
  return {
    ...plain,
    predictions: own.map((one) => ({ type: 'predictions' as const, classifier: 'classifier', wall: {}, ...one })),
  };
}

/** Rows of a table below its line, by cells. */
function rowsIn(body: string | undefined): string[][] {
  const [, , ...rows] = (body ?? '').split('\n');
  return rows.map((row) => row.trim().split(/ {2,}/));
}

describe('a run without predictions', () => {
  it('has no scores by class, whatever is asked for', () => {
    expect(classSections(plain, undefined, noColours)).toEqual([]);
    expect(classSections(plain, 'knn', noColours)).toEqual([]);
  });
});

describe('the scores of texts of one class', () => {
  it('are those of the report, the confusions and the mistakes', () => {
    const sections = classSections(runWith(made), undefined, noColours);
    expect(sections.map(([title, body]) => `${title}\n${body}`).join('\n\n')).toMatchInlineSnapshot(`
      "By class: classifier
      class          precision %  recall %  F1 %  texts
      ─────────────────────────────────────────────────
      a                     60.0      75.0  66.7      4
      b                     33.3      33.3  33.3      3
      c                      0.0       0.0   0.0      1
      accuracy                              50.0      8
      macro mean            31.1      36.1  33.3      8
      weighted mean         42.5      50.0  45.8      8
      ROC-AUC of the predictions, (recall + specificity) / 2: macro 53.1, weighted 55.0

      Confusion matrix: classifier
      is     a  b  c  never
      ─────────────────────
      a      3  1  ·      ·
      b      2  1  ·      ·
      c      ·  1  ·      ·
      never  ·  ·  ·      ·

      Most frequent mistakes: classifier
      is  taken for  texts  % of the class
      ────────────────────────────────────
      b   a              2            66.7
      a   b              1            25.0
      c   b              1           100.0"
    `);
  });

  it('have a confusion matrix of at most ten classes, and at most eight mistakes', () => {
    const cases = fc.integer({ min: 2, max: 13 }).chain((classes) => {
      const label = fc.nat({ max: classes - 1 });
      return fc.record({
        classes: fc.constant(classes),
        texts: fc.array(fc.tuple(label, label), { minLength: 1, maxLength: 60 }),
      });
    });
    fc.assert(
      fc.property(cases, ({ classes, texts }) => {
        const labelNames = Array.from({ length: classes }, (_, label) => `class-${label}`);
        const [truth, predicted] = [texts.map(([own]) => own), texts.map(([, own]) => own)];
        const sections = new Map(classSections(runWith({ labelNames, truth, predicted }), undefined, noColours));
        const count = (is: number, taken: number) => texts.filter(([a, b]) => a === is && b === taken).length;

        const matrix = sections.get('Confusion matrix: classifier');
        if (classes > 10) expect(matrix).toBeUndefined();
        else {
          const cells = labelNames.map((name, is) => [
            name,
            ...labelNames.map((_, taken) => (count(is, taken) === 0 ? '·' : String(count(is, taken)))),
          ]);
          expect(rowsIn(matrix)).toEqual(cells);
        }

        const mistakes = labelNames.flatMap((is, i) =>
          labelNames.flatMap((taken, j) => (i === j || count(i, j) === 0 ? [] : [{ is, taken, texts: count(i, j) }])),
        );
        const shown = rowsIn(sections.get('Most frequent mistakes: classifier'));
        const ranked = mistakes.toSorted((one, other) => other.texts - one.texts).slice(0, 8);
        expect(shown.map(([is, taken, own]) => ({ is, taken, texts: Number(own) }))).toEqual(ranked);
        for (const [is, , own, share] of shown) {
          const ofClass = truth.filter((label) => labelNames[label] === is).length;
          expect(share).toBe(((100 * Number(own)) / ofClass).toFixed(1));
        }
      }),
    );
  });
});

describe('the scores of texts that may have several classes', () => {
  it('are by class, with the thresholds, and without a matrix', () => {
    const sections = classSections(runWith(several), undefined, noColours);
    expect(sections.map(([title, body]) => `${title}\n${body}`).join('\n\n')).toMatchInlineSnapshot(`
      "By class: classifier
      class  precision %  recall %  F1 %  texts  given from %
      ───────────────────────────────────────────────────────
      a             66.7     100.0  80.0      2            50
      b            100.0      50.0  66.7      2             5
      d              0.0       0.0   0.0      1            95
      e              0.0       0.0   0.0      0            26"
    `);
  });
});

describe('of several classifiers', () => {
  const all = ['knn', 'classifier', 'sst2.knn', 'sst2.logisticRegression'];
  const run = (...names: readonly string[]) => runWith(...names.map((classifier) => ({ ...made, classifier })));
  const titles = (sections: readonly (readonly [string, string])[]) => sections.map(([title]) => title);

  it.each<[string | undefined, string, string]>([
    [undefined, 'classifier', 'knn, sst2.knn, sst2.logisticRegression'],
    ['classifier', 'classifier', 'knn, sst2.knn, sst2.logisticRegression'],
    ['knn', 'knn', 'classifier, sst2.knn, sst2.logisticRegression'],
    ['sst2.knn', 'sst2.knn', 'knn, classifier, sst2.logisticRegression'],
  ])('the one that is asked for is shown, and the others are named: %s', (wanted, shown, others) => {
    const sections = classSections(run(...all), wanted, noColours);
    expect(titles(sections)).toEqual([
      `By class: ${shown}`,
      `Confusion matrix: ${shown}`,
      `Most frequent mistakes: ${shown}`,
    ]);
    expect(sections[0]?.[1].split('\n').at(-1)).toBe(`Others with --classifier: ${others}`);
  });

  it('kNN is shown where none was trained', () => {
    const sections = classSections(run('sst2.knn', 'knn'), undefined, noColours);
    expect(sections[0]?.[0]).toBe('By class: knn');
    expect(sections[0]?.[1]).toContain('Others with --classifier: sst2.knn');
  });

  it('none is named where there is no other', () => {
    expect(classSections(run('knn'), undefined, noColours)[0]?.[1]).not.toContain('Others');
  });

  it('the others are named below several classes too', () => {
    const sections = classSections(
      runWith({ ...several, classifier: 'classifier' }, { ...made, classifier: 'knn' }),
      undefined,
      noColours,
    );
    expect(sections).toHaveLength(1);
    expect(sections[0]?.[1].split('\n').at(-1)).toBe('Others with --classifier: knn');
  });

  it.each([
    ['clasifier', 'Name one of them. Did you mean "classifier"?'],
    ['sst2.kn', 'Name one of them. Did you mean "sst2.knn"?'],
    ['centroids', 'Name one of them.'],
  ])('one that is not among them is refused: %s', (wanted, remedy) => {
    const refused = () => classSections(run(...all), wanted, noColours);
    expect(refused).toThrow(UserError);
    expect(refused).toThrow(`CLASSIFIER_UNKNOWN: --classifier ${wanted}; expected one of ${all.join(', ')}. ${remedy}`);
  });
});

describe('the experiment’s sentences', () => {
  const withExamples = (labelNames: string[], ...probabilities: number[][]): Run => ({
    ...plain,
    examples: {
      type: 'examples',
      labelNames,
      texts: probabilities.map((_, i) => `Sentence ${i + 1}.`),
      probabilities,
      wall: {},
    },
  });
  const shownOf = (run: Run) => rowsIn(exampleSections(run, noColours)[0]?.[1]);

  it('are not there where none was asked', () => {
    expect(exampleSections(plain, noColours)).toEqual([]);
  });

  it('come with their three most likely classes, equal ones in their order', () => {
    const run = withExamples(
      ['joy', 'fear', 'anger', 'surprise'],
      [0.1, 0.2, 0.3, 0.4],
      [0.25, 0.25, 0.25, 0.25],
      [0.996, 0.004, 0, 0],
    );
    expect(exampleSections(run, noColours).map(([title]) => title)).toEqual(['Examples']);
    expect(shownOf(run)).toEqual([
      ['Sentence 1.', 'surprise 40 %, anger 30 %, fear 20 %'],
      ['Sentence 2.', 'joy 25 %, fear 25 %, anger 25 %'],
      ['Sentence 3.', 'joy 100 %, fear 0 %, anger 0 %'],
    ]);
  });

  it('of two classes come with both', () => {
    expect(shownOf(withExamples(['no', 'yes'], [0.3, 0.7]))).toEqual([['Sentence 1.', 'yes 70 %, no 30 %']]);
  });
});

it('is the same in colour', () => {
  const colours = pc.createColors(true);
  for (const run of [runWith(made, { ...made, classifier: 'knn' }), runWith(several)]) {
    const coloured = classSections(run, undefined, colours);
    expect(coloured.map(([, body]) => stripVTControlCharacters(body))).toEqual(
      classSections(run, undefined, noColours).map(([, body]) => body),
    );
    expect(coloured[0]?.[1]).not.toBe(stripVTControlCharacters(coloured[0]?.[1] ?? ''));
  }
});

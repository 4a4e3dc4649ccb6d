import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dot, type Matrix, normaliseRows, row } from '../../src/evaluation/matrix.ts';
import { stream } from '../../src/random.ts';
import { distinctN, meanPairwiseCosine, measureDiversity, selfBleu4, wordsOf } from '../../src/synthesis/diversity.ts';

/** Made by golden/selfBleu.py. */
const golden: { cases: { texts: string[][]; selfBleu: number }[] } = JSON.parse(
  readFileSync(new URL('golden/selfBleu.json', import.meta.url), 'utf8'),
);

describe('selfBleu4', () => {
  it.each(golden.cases.map((own, i) => ({ i, ...own })))("is NLTK's, corpus $i", ({ texts, selfBleu }) => {
    expect(selfBleu4(texts)).toBeCloseTo(selfBleu, 12);
  });

  it('is 1 for equal texts of four words or more, and 0 for texts without a common word', () => {
    const text = ['what', 'a', 'long', 'night'];
    expect(selfBleu4([text, text, text])).toBeCloseTo(1, 12);
    expect(selfBleu4([text, ['nothing', 'of', 'that', 'sort']])).toBe(0);
    expect(selfBleu4([text])).toBe(0);
    expect(selfBleu4([[], []])).toBe(0);
  });
});

describe('distinctN', () => {
  it('counts as a naive loop does', () => {
    const word = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(
        fc.array(fc.array(word, { maxLength: 6 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (texts, n) => {
          const seen: string[] = [];
          let all = 0;
          for (const text of texts) {
            for (let i = 0; i + n <= text.length; i++) {
              all++;
              const gram = text.slice(i, i + n).join('+');
              if (!seen.includes(gram)) seen.push(gram);
            }
          }
          expect(distinctN(texts, n)).toBe(all === 0 ? 0 : seen.length / all);
        },
      ),
    );
  });
});

describe('meanPairwiseCosine', () => {
  it.each([2, 3, 17, 60])('is the mean over all pairs of %i rows', (rows) => {
    const matrix = randomUnitRows(rows, 5);
    let sum = 0;
    for (let i = 0; i < rows; i++) for (let j = 0; j < i; j++) sum += dot(row(matrix, i), row(matrix, j));
    expect(meanPairwiseCosine(matrix)).toBeCloseTo(sum / ((rows * (rows - 1)) / 2), 5);
  });

  it('is 0 where there are no pairs', () => {
    expect(meanPairwiseCosine(randomUnitRows(1, 5))).toBe(0);
  });
});

describe('measureDiversity', () => {
  it('samples the texts of self-BLEU by the seed', () => {
    const random = stream(1, 'texts');
    const texts = Array.from({ length: 600 }, () =>
      Array.from({ length: 8 }, () => `word${random.integer(40)}`).join(' '),
    );
    const matrix = randomUnitRows(600, 4);
    const first = measureDiversity(texts, matrix, 1);
    expect(first.sampled).toBe(500);
    expect(measureDiversity(texts, matrix, 1)).toEqual(first);
    expect(measureDiversity(texts, matrix, 2).selfBleu).not.toBe(first.selfBleu);
  });

  it('takes nothing too', () => {
    const none = { data: new Float32Array(), rows: 0, columns: 0 };
    expect(measureDiversity([], none, 0)).toEqual({ distinct: [0, 0, 0], selfBleu: 0, sampled: 0, meanCosine: 0 });
  });
});

it('words are in lower case, with their apostrophes and without punctuation', () => {
  expect(wordsOf("I can't – Élodie’s boat, 'quoted', No. 7!")).toEqual([
    'i',
    "can't",
    'élodie’s',
    'boat',
    'quoted',
    'no',
    '7',
  ]);
});

function randomUnitRows(rows: number, columns: number): Matrix {
  const random = stream(3, 'rows', rows);
  return normaliseRows({ data: Float32Array.from({ length: rows * columns }, () => random.normal()), rows, columns });
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divide, redivide, sharesSchema, undivided } from '../../src/data/divide.ts';
import { type Example, splitNames } from '../../src/data/source.ts';

const examples: readonly Example[] = Array.from({ length: 400 }, (_, i) => ({
  text: `t${i % 380}`,
  label: ['a', 'a', 'a', 'b'][i % 4] as string,
  context: `c${i}`,
}));
const shares = sharesSchema({ train: 0.7, validation: 0.15, test: 0.15 });

it('gives each class its shares', () => {
  const splits = divide(examples, shares.parse({}));
  const distinct = (label: string) =>
    splitNames.map(
      (split) => new Set(splits[split].filter((example) => example.label === label).map(({ text }) => text)).size,
    );
  // 380 texts, of which 285 have class a and 95 class b.
  expect(distinct('b')).toEqual([67, 14, 14]);
  expect(distinct('a')).toEqual([199, 43, 43]);
});

it('puts each text into one split, equal texts together, whatever the shares', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ text: fc.constantFrom(...'abcdefghij'), label: fc.constantFrom('x', 'y', 'z') })),
      fc.nat(20),
      fc.nat(10),
      fc.nat(10),
      (texts, validation, test, seed) => {
        const own = { train: 1 - (validation + test) / 30, validation: validation / 30, test: test / 30, seed };
        const splits = divide(texts, own);
        const count = (of: readonly Example[]) => of.map(({ text, label }) => `${text} ${label}`).sort();
        expect(count(splitNames.flatMap((split) => splits[split]))).toEqual(count(texts));
        const found = splitNames.flatMap((split) => [...new Set(splits[split].map(({ text }) => text))]);
        expect(new Set(found).size).toBe(found.length);
      },
    ),
  );
});

it('counts a text that recurs with another label as one of the first', () => {
  const first = Array.from({ length: 40 }, (_, i) => ({ text: `t${i}`, label: 'a' }));
  const again = first.map(({ text }) => ({ text, label: 'b' }));
  const [alone, twice] = [divide(first, shares.parse({})), divide([...first, ...again], shares.parse({}))];
  for (const split of splitNames) {
    expect(twice[split].slice(0, alone[split].length)).toEqual(alone[split]);
    expect(twice[split]).toHaveLength(2 * alone[split].length);
  }
});

it('leaves texts undivided', () => {
  expect(divide(examples, undivided)).toEqual({ train: examples, validation: [], test: [] });
});

describe('shares', () => {
  it('are completed by the defaults', () => {
    expect(shares.parse({ seed: 3 })).toEqual({ train: 0.7, validation: 0.15, test: 0.15, seed: 3 });
  });

  it.each([
    { train: 0.8 },
    { train: 1.2, validation: -0.2, test: 0 },
    { seed: -1 },
    { development: 0.1 },
  ])('are not %j', (wrong) => {
    expect(shares.safeParse(wrong).success).toBe(false);
  });
});

describe('anew', () => {
  const content = {
    name: 'own',
    labelNames: ['a', 'b'],
    splits: { train: examples.slice(0, 100), validation: examples.slice(100, 110), test: examples.slice(110) },
    provenance: 'here',
    licence: 'none',
    notes: ['first'],
  };

  it('divides the texts of all splits as if they were one file', () => {
    const own = shares.parse({ seed: 2 });
    const { splits, notes, withoutValidation } = redivide(content, own);
    expect(splits).toEqual(divide(examples, own));
    expect(withoutValidation).toBe(false);
    expect(notes).toEqual([
      'first',
      "split anew: 400 texts 70/15/15 within each class, seed 2, in place of the source's own splits",
    ]);
  });

  it('may have no validation texts', () => {
    expect(redivide(content, shares.parse({ train: 0.5, validation: 0, test: 0.5 })).withoutValidation).toBe(true);
  });
});

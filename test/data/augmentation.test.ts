import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augment, augmentationSchema, augmentedText } from '../../src/data/augmentation.ts';
import type { Example } from '../../src/data/source.ts';

type Operation = 'delete' | 'swap' | 'typo';
const all: readonly Operation[] = ['delete', 'swap', 'typo'];

const options = (given: object = {}) => augmentationSchema.parse(given);
const wordsOf = (text: string) => text.split(/\s+/).filter((word) => word !== '');
const negations = ['not', 'no', 'never', "don't", 'isn’t', 'CANNOT', 'without', 'Not,', 'couldnt', 'not-so-good'];
const plain = ['what', 'lovely', 'day', 'I', 'have', 'seen', 'wonderful', 'naïve', 'größer', 'здравствуйте', 'up.'];
const whole = [
  '[NAME]',
  '[RELIGION]’s',
  'https://example.org/page?wonderful',
  'www.example.org',
  '@someone_else',
  '😂',
  'lovely😀',
  '👩‍👩‍👧',
  ':-)',
  ':D',
  'D:',
  'xD',
  '<3',
  ':PPPP',
  'T_T',
  'o_O',
  '&quot;',
];

/** Words with one or more spaces between. */
const textOf = (...words: readonly string[]) =>
  fc
    .array(fc.tuple(fc.constantFrom(...words), fc.constantFrom(' ', '  ', '\n')), { minLength: 1, maxLength: 15 })
    .map((pairs) => pairs.map(([word, space], i) => (i === pairs.length - 1 ? word : word + space)).join(''));
const anyText = textOf(...negations, ...plain, ...whole);
const rates = fc.constantFrom(0.05, 0.1, 0.5, 1);
const seeds = fc.nat(1000);

const count = (items: readonly string[]) => [...items].sort();
const isNegation = (word: string) => negations.includes(word);

describe.each(all)('%s', (operation) => {
  const check = (text: fc.Arbitrary<string>, holds: (text: string, copy: string) => void) =>
    fc.assert(
      fc.property(text, rates, seeds, fc.nat(3), (given, rate, seed, copy) => {
        const made = augmentedText(given, copy, options({ operations: [operation], rate, seed }));
        if (made !== undefined) holds(given, made);
      }),
      { numRuns: 400 },
    );

  it('differs from the text, and leaves negations in their order', () => {
    check(anyText, (text, copy) => {
      expect(copy).not.toBe(text);
      expect(wordsOf(copy).filter(isNegation)).toEqual(wordsOf(text).filter(isNegation));
    });
  });

  it('leaves placeholders, URLs, mentions, emoji and emoticons whole', () => {
    check(anyText, (text, copy) => {
      const wholes = (of: string) => count(wordsOf(of).filter((word) => whole.includes(word)));
      expect(wholes(copy)).toEqual(wholes(text));
    });
  });

  it('makes the same of the same text, and not the same of each seed', () => {
    const text = plain.join(' ');
    const made = Array.from({ length: 20 }, (_, seed) =>
      augmentedText(text, 0, options({ operations: [operation], seed, rate: 0.3 })),
    );
    expect(augmentedText(text, 0, options({ operations: [operation], seed: 7, rate: 0.3 }))).toBe(made[7]);
    expect(new Set(made).size).toBeGreaterThan(10);
  });
});

it('delete leaves some of the words in their order, and one at least', () => {
  fc.assert(
    fc.property(textOf(...plain, 'not'), rates, seeds, (text, rate, seed) => {
      const made = augmentedText(text, 0, options({ operations: ['delete'], rate, seed }));
      if (made === undefined) return;
      const left = wordsOf(made);
      expect(left.length).toBeGreaterThan(0);
      let at = 0;
      for (const word of wordsOf(text)) if (word === left[at]) at++;
      expect(at).toBe(left.length);
    }),
  );
});

it('delete leaves a text of one word alone, whatever stands beside it', () => {
  for (const text of ['wonderful', 'wonderful 😂', '[NAME] wonderful']) {
    expect(augmentedText(text, 0, options({ operations: ['delete'], rate: 1 })), text).toBeUndefined();
  }
});

it('delete takes out words with the probability of the rate', () => {
  const text = Array.from({ length: 400 }, (_, i) => `word${i}`).join(' ');
  const left = wordsOf(augmentedText(text, 0, options({ operations: ['delete'], rate: 0.25 })) ?? '').length;
  // 400 · .75 ± 5 standard deviations.
  expect(Math.abs(left - 300)).toBeLessThan(5 * Math.sqrt(400 * 0.25 * 0.75));
});

it('swap keeps the words and what stands on each side of a negation', () => {
  const sides = (text: string) => {
    const parts: string[][] = [[]];
    for (const word of wordsOf(text)) isNegation(word) ? parts.push([]) : parts.at(-1)?.push(word);
    return parts.map(count);
  };
  fc.assert(
    fc.property(anyText, rates, seeds, (text, rate, seed) => {
      const made = augmentedText(text, 0, options({ operations: ['swap'], rate, seed }));
      if (made === undefined) return;
      expect(count(wordsOf(made))).toEqual(count(wordsOf(text)));
      expect(sides(made)).toEqual(sides(text));
    }),
  );
});

it.each([
  [0.05, 1],
  [0.1, 1],
  [0.3, 3],
])('swap at a rate of %f exchanges %i of 10 words’ neighbours', (rate, pairs) => {
  const text = 'a b c d e f g h i j';
  for (let seed = 0; seed < 20; seed++) {
    const made = wordsOf(augmentedText(text, 0, options({ operations: ['swap'], rate, seed })) ?? '');
    const moved = wordsOf(text).filter((word, i) => word !== made[i]);
    expect(moved).toHaveLength(2 * pairs);
  }
});

it('typo changes one place of long words, behind their first letter', () => {
  const letters = (word: string) => word.match(/\p{L}\p{M}*/gu) ?? [];
  fc.assert(
    fc.property(textOf(...plain), rates, seeds, (text, rate, seed) => {
      const made = augmentedText(text, 0, options({ operations: ['typo'], rate, seed }));
      if (made === undefined) return;
      const [before, after] = [wordsOf(text), wordsOf(made)];
      expect(after).toHaveLength(before.length);
      const changed = before.flatMap((word, i) => (word === after[i] ? [] : [[word, after[i] as string] as const]));
      expect(changed.length).toBeGreaterThanOrEqual(1);
      expect(changed.length).toBeLessThanOrEqual(Math.max(1, Math.round(rate * before.length)));
      for (const [word, typo] of changed) {
        const [own, other] = [letters(word), letters(typo)];
        expect(own.length, word).toBeGreaterThanOrEqual(4);
        expect(other[0]).toBe(own[0]);
        const places = own.flatMap((letter, i) => (letter === other[i] ? [] : [i]));
        const transposed = places.length === 2 && count(own).join('') === count(other).join('');
        expect(transposed || places.length === 1, `${word} ${typo}`).toBe(true);
        if (transposed) expect((places[1] as number) - (places[0] as number)).toBe(1);
      }
    }),
  );
});

it('typo keeps the case, and letters without a key change places only', () => {
  for (let seed = 0; seed < 50; seed++) {
    const made = augmentedText('WONDERFUL', 0, options({ operations: ['typo'], seed })) ?? '';
    expect(made).toMatch(/^[A-Z]{9}$/);
    const cyrillic = augmentedText('здравствуйте', 0, options({ operations: ['typo'], seed })) ?? '';
    expect(count([...cyrillic])).toEqual(count([...'здравствуйте']));
  }
});

describe('a corpus', () => {
  const content = (train: readonly Example[]) => ({
    name: 'own',
    labelNames: ['joy', 'fear'],
    splits: {
      train,
      validation: [{ text: 'what a lovely day it was', label: 'joy' }],
      test: [{ text: 'what a terrible day it was', label: 'fear' }],
    },
    provenance: 'here',
    licence: 'none',
    notes: ['first'],
  });
  const train: readonly Example[] = [
    {
      text: 'what a wonderful sunny morning',
      label: 'joy',
      strengths: { joy: 0.8 },
      context: 'before',
      character: 'Ann',
    },
    { text: 'no', label: 'fear', strengths: { fear: 1 }, context: '', character: 'Bo' },
    {
      text: 'somebody stands behind the curtain',
      label: 'fear',
      strengths: { fear: 1 },
      context: 'dark',
      character: 'Bo',
    },
  ];

  it('has the copies behind its train texts, everything else of them unchanged', () => {
    const { splits, notes } = augment(content(train), options({ copies: 2 }));
    expect(splits.train.slice(0, 3)).toEqual(train);
    expect(splits.train).toHaveLength(7);
    for (const [i, copy] of splits.train.slice(3).entries()) {
      const original = train[[0, 2][i % 2] as number] as Example;
      expect({ ...copy, text: '' }).toEqual({ ...original, text: '' });
      expect(copy.text).not.toBe(original.text);
    }
    expect([splits.validation, splits.test]).toEqual([content([]).splits.validation, content([]).splits.test]);
    expect(notes).toEqual([
      'first',
      'train: 4 altered copies of 3 texts added (delete, swap, typo; rate 0.1, seed 0), 2 left out that came out equal',
    ]);
  });

  it('makes the copies of a text whatever else it holds', () => {
    const alone = augment(content(train.slice(2)), options({ copies: 3 })).splits.train.slice(1);
    const together = augment(content(train), options({ copies: 3 })).splits.train.slice(3);
    expect(together.filter(({ context }) => context === 'dark')).toEqual(alone);
  });

  it('makes other copies of a text each time', () => {
    const swap = options({ operations: ['swap'] });
    const copies = [0, 1, 2, 3, 4].map((copy) => augmentedText('a b c d e f g h i j k l m n o p', copy, swap));
    expect(new Set(copies).size).toBeGreaterThan(2);
  });

  it('has copies by every operation even if each text has one', () => {
    const text = (i: number) => `what a wonderful sunny morning number ${i} of this year`;
    const kinds = new Set(
      Array.from({ length: 30 }, (_, i) => {
        const copy = augmentedText(text(i), 0, options({ rate: 0.3 })) ?? '';
        if (wordsOf(copy).length < wordsOf(text(i)).length) return 'delete';
        return count(wordsOf(copy)).join() === count(wordsOf(text(i))).join() ? 'swap' : 'typo';
      }),
    );
    expect([...kinds].sort()).toEqual(all);
  });

  it('takes the operations in turn', () => {
    const [given] = train as [Example];
    const copies = [0, 1, 2, 3, 4, 5].map((copy) => augmentedText(given.text, copy, options({ rate: 0.3 })) ?? '');
    const before = wordsOf(given.text);
    const kinds = copies.map((copy) => {
      const words = wordsOf(copy);
      if (words.length < before.length) return 'delete';
      return count(words).join() === count(before).join() ? 'swap' : 'typo';
    });
    expect(count(kinds.slice(0, 3))).toEqual(all);
    expect(kinds.slice(3)).toEqual(kinds.slice(0, 3));
  });
});

it.each([
  { copies: 0 },
  { rate: 0 },
  { rate: 1.1 },
  { operations: [] },
  { operations: ['swap', 'swap'] },
  { times: 2 },
])('refuses %j', (wrong) => {
  expect(augmentationSchema.safeParse(wrong).success).toBe(false);
});

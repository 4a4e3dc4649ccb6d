import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../../../src/dashboard/page/model/filter.ts';

const names = [
  'knn.macroF1',
  'tweeteval-irony.knn.macroF1',
  'sst2.knn.macroF1',
  'drift.deltaEmb',
  'objective.supCon.temperature',
  'temperature',
  'weight',
  'pooling',
  'seed',
  'status',
];

/** Something to be filtered, by its values. */
const itemOf = (values: Readonly<Record<string, unknown>>, text = '') => ({
  text,
  value: (name: string) => values[name],
});

const run = itemOf(
  {
    'knn.macroF1': 0.5,
    'tweeteval-irony.knn.macroF1': 0.7,
    'objective.supCon.temperature': 0.1,
    temperature: 0.1,
    weight: 10,
    pooling: 'cls',
    seed: 2,
    status: 'failed',
  },
  'temperature 0.1 · weight 10 · seed 2 failed a1b2',
);

function accepts(text: string, item = run, known: readonly string[] = names): boolean {
  const filter = parseFilter(text, known);
  if ('problem' in filter) throw new Error(`${text}: ${filter.problem}`);
  return filter.accepts(item);
}

function problemOf(text: string): string | undefined {
  const filter = parseFilter(text, names);
  return 'problem' in filter ? filter.problem : undefined;
}

describe('words', () => {
  test.each([
    '',
    '  ',
    'weight 10',
    'seed weight',
    'FAILED',
    'a1b',
    'weight   10',
    '0.1 ·',
  ])('"%s" is found', (text) => {
    expect(accepts(text)).toBe(true);
  });

  test.each([
    'weight 11',
    'weight failing',
    'completed',
    'weight = 10',
    '(',
    '*',
    '\\',
  ])('"%s" is not found', (text) => {
    expect(accepts(text)).toBe(false);
  });

  test('all have to occur, in any order', () => {
    const word = fc.stringMatching(/^[a-z0-9.]{1,3}$/);
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 4 }),
        fc.stringMatching(/^[a-z0-9. ]{0,20}$/),
        (words, text) => {
          const missing = words.filter((each) => text.indexOf(each) < 0);
          expect(accepts(words.join(' '), itemOf({}, text))).toBe(missing.length === 0);
        },
      ),
    );
  });
});

describe('comparisons', () => {
  test.each([
    'knn.macroF1 > 0.4 and weight <= 10',
    'knn.macroF1>0.4',
    '  weight == 10  ',
    '10 == weight',
    'weight != 11',
    'weight > 100 or seed == 2',
    'not (weight > 100)',
    'weight > 1 and not (seed == 1) and pooling == "cls"',
    '1 < weight <= 10',
    'temperature == 0.1',
    'temperature + 0.2 == 0.3',
    'objective.supCon.temperature < 0.2',
    'tweeteval-irony.knn.macroF1 >= 0.7',
    'tweeteval-irony.knn.macroF1-knn.macroF1 > 0.19',
    'weight-seed == 8',
    '-weight < 0',
    'weight / 4 == 2.5',
    'weight ^ 2 == 100',
    'weight % 3 == 1',
    'log10(weight) == 1',
    'abs(seed - 4) == 2',
    'sqrt(weight) > exp(1)',
    'max(weight, seed) == 10 and min(weight, seed) == 2',
    '(weight > 3) == true',
    'weight > 3 ? seed == 2 : false',
    'weight < Infinity',
  ])('%s', (text) => {
    expect(accepts(text)).toBe(true);
  });

  test.each([
    'knn.macroF1 > 0.5',
    'knn.macroF1 > 0.4 and weight < 10',
    'weight != 10',
    'tweeteval-irony.knn.macroF1 < 0.7',
    'temperature < 0.1',
    'weight < 1 or weight > 10',
    '10 < weight < 20',
    // What is no comparison as a whole.
    '(weight > 3) * 2',
    'max(weight > 3, 2)',
  ])('not %s', (text) => {
    expect(accepts(text)).toBe(false);
  });

  test('are those of JavaScript', () => {
    const operators = {
      '<': (a: number, b: number) => a < b,
      '<=': (a: number, b: number) => a <= b,
      '>': (a: number, b: number) => a > b,
      '>=': (a: number, b: number) => a >= b,
      '==': (a: number, b: number) => a === b,
      '!=': (a: number, b: number) => a !== b,
    };
    const operator = fc.constantFrom(...(Object.keys(operators) as (keyof typeof operators)[]));
    const number = fc.integer({ min: -4, max: 4 });
    fc.assert(
      fc.property(number, operator, number, fc.constantFrom(...names), (value, op, bound, name) => {
        const item = itemOf({ [name]: value / 2 });
        const expected = operators[op](value / 2, bound / 2);
        expect(accepts(`${name} ${op} ${bound / 2}`, item)).toBe(expected);
        expect(accepts(`${bound / 2}${op}${name}`, item)).toBe(operators[op](bound / 2, value / 2));
        expect(accepts(`not (${name}${op}(${bound / 2}))`, item)).toBe(!expected);
      }),
    );
  });
});

describe('texts', () => {
  test.each([
    'status == "failed"',
    '"failed" == status',
    "status == 'failed'",
    'status=="failed"',
    'status != "completed"',
    'pooling != "mean" and status == "failed"',
    'pooling == "mean" or weight > 3',
    'weight == "10"',
    'weight != "failed"',
  ])('%s', (text) => {
    expect(accepts(text)).toBe(true);
  });

  test.each([
    'status == "fail"',
    'status != "failed"',
    'status == "Failed"',
    'pooling == ""',
    'pooling == status',
  ])('not %s', (text) => {
    expect(accepts(text)).toBe(false);
  });

  test.each(['"', "'"])('a name between %s is no name', (mark) => {
    const item = itemOf({ status: 'knn.macroF1 > weight', weight: 1 });
    expect(accepts(`status == ${mark}knn.macroF1 > weight${mark}`, item)).toBe(true);
    expect(accepts(`status == ${mark}weight${mark}`, item)).toBe(false);
  });

  test('a word where a number is compared is not let through, whatever else there is', () => {
    expect(accepts('pooling > 3')).toBe(false);
    expect(accepts('pooling < 3')).toBe(false);
    expect(accepts('weight > "a"')).toBe(false);
  });
});

describe('what something does not have', () => {
  const none = itemOf({ weight: 10 });

  test.each([
    '< 1',
    '<= 1',
    '> 1',
    '>= 1',
    '== 1',
    '!= 1',
    '== "a"',
    '!= "a"',
    '== NaN',
    '!= NaN',
    '== drift.deltaEmb',
  ])('fails: drift.deltaEmb %s', (comparison) => {
    expect(accepts(`drift.deltaEmb ${comparison}`, none)).toBe(false);
    // And nothing else.
    expect(accepts(`drift.deltaEmb ${comparison} or weight == 10`, none)).toBe(true);
  });

  test('fails where it is no number', () => {
    for (const value of [Number.NaN, null, undefined]) {
      for (const op of ['<', '>', '==', '!=']) expect(accepts(`weight ${op} 1`, itemOf({ weight: value }))).toBe(false);
    }
    expect(accepts('weight > 1', itemOf({ weight: Number.POSITIVE_INFINITY }))).toBe(true);
    expect(accepts('weight < 1', itemOf({ weight: Number.NEGATIVE_INFINITY }))).toBe(true);
  });
});

describe('names', () => {
  test('the longest fits', () => {
    const values = { a: 1, 'a.b': 2, 'b.a': 3, 'a.b.a': 4, 'a-b': 5 };
    for (const [name, value] of Object.entries(values)) {
      for (const order of [Object.keys(values), Object.keys(values).toReversed()]) {
        expect(accepts(`${name} == ${value}`, itemOf(values), order)).toBe(true);
      }
    }
  });

  test('are not found inside of others', () => {
    expect(problemOf('weights > 1')).toBe('there is no weights');
    expect(problemOf('overweight > 1')).toBe('there is no overweight');
    expect(problemOf('sst2.macroF1 > 0')).toBe('there is no sst2');
  });

  test('may have characters in them that regular expressions know', () => {
    const odd = ['a+b', 'a*', 'c(d)', 'x[0]', 'p|q', '^s$', 'u?', 'k{2}', 'm\\n', 'o/p', 'λ', 'r.s'];
    for (const [i, name] of odd.entries()) {
      expect(accepts(`${name} == ${i}`, itemOf({ [name]: i }), odd)).toBe(true);
      expect(accepts(`${name} == ${i + 1}`, itemOf({ [name]: i }), odd)).toBe(false);
    }
    expect(parseFilter('rxs > 1', odd)).toEqual({ problem: 'there is no rxs' });
  });

  test('there may be none', () => {
    expect(accepts('1 < 2', run, [])).toBe(true);
    expect(parseFilter('weight > 1', [])).toEqual({ problem: 'there is no weight' });
  });
});

describe('anything else is a problem', () => {
  test.each([
    ['knn.macroF2 > 0.4', 'there is no knn'],
    ['status == failed', 'there is no failed'],
    ['pi > 3', 'there is no pi'],
    ['10 cm > 3', 'there is no cm'],
    ['import("fs") == 1', 'there is no import'],
    ['evaluate("1+1") == 2', 'there is no evaluate'],
    ['parse("1") != 2', 'there is no parse'],
    ['createUnit("x") == 1', 'there is no createUnit'],
    ['isSame(1, 1) == true', 'there is no isSame'],
    ['ones(10000, 10000) == 1', 'there is no ones'],
    ['f(x)=1; x > 0', 'there is no x'],
    ['f(weight)=1; 2 > 0', 'this is no comparison'],
    ['weight = 20 > 3', 'to compare, write =='],
    ['seed = 1 and weight > 3', 'to compare, write =='],
    ['weight == (seed = 3)', 'to compare, write =='],
    ['weight > 3; weight > 4', 'this is no comparison'],
    ['weight > 3\nweight > 4', 'this is no comparison'],
    ['(1:1e9) == 1', 'this is no comparison'],
    ['[1, 2] == 1', 'this is no comparison'],
    ['{a: 1}.a == 1', 'this is no comparison'],
    ['"a".constructor == 1', 'this is no comparison'],
    ['seed["constructor"] == 1', 'this is no comparison'],
  ])('%s', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  test.each([
    'weight >',
    '> 3',
    '((weight > 1',
    'weight > 1)',
    'status == "failed',
    "status == 'failed",
    '>',
    '<<',
    '"=="="',
    'weight =! 3 >',
  ])('what cannot be read: %s', (text) => {
    expect(problemOf(text)).toMatch(/./);
  });

  test('however long', () => {
    for (const text of [
      `${'('.repeat(20_000)}weight > 1`,
      `1${'+1'.repeat(20_000)} > 3`,
      `${'not '.repeat(20_000)}weight > 1`,
      `${'"'.repeat(50_001)}>`,
      `${'a'.repeat(100_000)} > 1`,
    ]) {
      expect(problemOf(text)).toMatch(/./);
    }
    expect(accepts('weight '.repeat(20_000))).toBe(true);
  });

  test('no text throws, and none that is hostile is let through', () => {
    const piece = fc.constantFrom(
      ...[...names, 'constructor', '__proto__', 'prototype', 'this', 'import', 'f', 'x', 'isSame', 'Infinity', 'null'],
      ...['"', "'", '(', ')', '[', ']', '{', '}', ';', ',', '.', ':', '=', '==', '<', '>', '!=', '->', '?', '\n', '#'],
      ...['and', 'or', 'not', '1', '-', '+', '^', '!', '%', '\\', '$', '\u0000', 'λ', 'toString', 'max'],
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(' ')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (given) => {
        const filter = parseFilter(given, names);
        if ('problem' in filter) expect(filter.problem).toBeTypeOf('string');
        else expect(filter.accepts(run)).toBeTypeOf('boolean');
      }),
      { numRuns: 2000 },
    );
  });

  test('nothing is changed by an item', () => {
    const filter = parseFilter('max(weight, 3) > 3', names);
    if ('problem' in filter) throw new Error(filter.problem);
    const values = [1, 5, 1, 5];
    expect(values.map((value) => filter.accepts(itemOf({ weight: value })))).toEqual([false, true, false, true]);
  });
});

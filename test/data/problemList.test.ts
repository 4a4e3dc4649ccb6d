import { expect, it } from 'vitest';
import { ProblemList } from '../../src/data/problemList.ts';
import { UserError } from '../../src/errors.ts';

const problem = (code: string, given: string) => ({ code, given, expected: 'something else', remedy: 'Mend it.' });

function thrownBy(list: ProblemList): unknown {
  try {
    list.throwIfAny();
  } catch (error) {
    return error;
  }
  return undefined;
}

it('throws nothing if nothing was added', () => {
  expect(thrownBy(new ProblemList())).toBeUndefined();
});

it('throws all of a few', () => {
  const list = new ProblemList();
  list.add(problem('ONE', 'a'));
  list.add(problem('TWO', 'b'));
  const error = thrownBy(list);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toHaveProperty('problems', [problem('ONE', 'a'), problem('TWO', 'b')]);
});

it('throws the first ten of many and counts the others by code', () => {
  const list = new ProblemList();
  for (let i = 0; i < 12; i++) list.add(problem('ONE', `line ${i}`));
  for (let i = 0; i < 3; i++) list.add(problem('TWO', `line ${i}`));
  const error = thrownBy(list);
  expect(error).toHaveProperty('problems.length', 11);
  expect(error).toHaveProperty('problems.9.given', 'line 9');
  expect(error).toHaveProperty('problems.10.code', 'DATA_MORE_PROBLEMS');
  expect(error).toHaveProperty('problems.10.given', '5 more (ONE 2, TWO 3)');
});

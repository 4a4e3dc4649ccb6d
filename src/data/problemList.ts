import { type Problem, throwIfAny } from '../errors.ts';

/**
 * Collects the problems of data files, of which there may be one a line. The first ones are kept in full, the rest are
 * counted by code.
 */
export class ProblemList {
  /** Problems that are kept in full. */
  static readonly limit = 10;

  readonly #kept: Problem[] = [];
  readonly #furtherByCode = new Map<string, number>();

  add(problem: Problem): void {
    if (this.#kept.length < ProblemList.limit) this.#kept.push(problem);
    else this.#furtherByCode.set(problem.code, (this.#furtherByCode.get(problem.code) ?? 0) + 1);
  }

  /** @throws UserError if a problem was added; with DATA_MORE_PROBLEMS at its end if there are more than the limit. */
  throwIfAny(): void {
    const further = [...this.#furtherByCode];
    const summary: Problem = {
      code: 'DATA_MORE_PROBLEMS',
      given: `${further.reduce((sum, [, n]) => sum + n, 0)} more (${further.map((entry) => entry.join(' ')).join(', ')})`,
      expected: 'none',
      remedy: 'Mend the ones above, they may be of the same kind, and run again.',
    };
    throwIfAny(further.length > 0 ? [...this.#kept, summary] : this.#kept);
  }
}

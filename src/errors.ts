/** One mistake of the user: what was given, what was expected and how to mend it. */
export interface Problem {
  /** Stable, SCREAMING_SNAKE_CASE; scripts may rely on it. */
  readonly code: string;
  readonly given: string;
  readonly expected: string;
  readonly remedy: string;
}

/**
 * The one error class for the user's mistakes. It carries every problem that was found, not only the first;
 * the command line prints them without a stack trace and exits with code 2.
 */
export class UserError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[]) {
    const list = 'code' in problems ? [problems] : problems;
    super(list.map(formatProblem).join('\n'));
    this.name = 'UserError';
    this.problems = list;
  }
}

export function formatProblem({ code, given, expected, remedy }: Problem): string {
  return `${code}: ${given}; expected ${expected}. ${remedy}`;
}

/** Throws one {@link UserError} with all problems, if there are any. */
export function throwIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new UserError(problems);
}

/** The system's error code (`ENOENT`, `ENOSPC`, …) of an unknown thrown value. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What is said of an unknown thrown value; of the user's mistakes all problems, one a line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

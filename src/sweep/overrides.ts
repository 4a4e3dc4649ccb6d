import { createRequire } from 'node:module';
import type { MathJsInstance } from 'mathjs';
import { type Problem, UserError } from '../errors.ts';

/** One `--set path=value` of the command line. */
export interface Override {
  readonly path: string;
  readonly value: unknown;
}

const require = createRequire(import.meta.url);
let evaluator: MathJsInstance | undefined;

/** mathjs with linspace and logspace. Loaded with the first expression: it takes longer than all the rest of a start. */
function expressions(): MathJsInstance {
  if (evaluator) return evaluator;
  const { all, create } = require('mathjs') as typeof import('mathjs');
  evaluator = create(all ?? {}, {});
  evaluator.import({
    linspace: (from: number, to: number, count: number) =>
      Array.from({ length: count }, (_, i) => (count === 1 ? from : from + ((to - from) * i) / (count - 1))),
    logspace: (from: number, to: number, count: number) =>
      // Rounded to 12 digits, so that 10^-1 is the number that one would type.
      Array.from({ length: count }, (_, i) =>
        Number((10 ** (count === 1 ? from : from + ((to - from) * i) / (count - 1))).toPrecision(12)),
      ),
  });
  return evaluator;
}

/**
 * Reads `path=value`. The value is JSON, or an expression (`logspace(-2, 2, 5)`, `linspace(0, 1, 3)`, `2^-3`), or
 * else plain text. A list of values makes the path an axis of the grid.
 *
 * @throws UserError SET_WITHOUT_VALUE
 */
export function parseOverride(text: string): Override {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) {
    throw new UserError({
      code: 'SET_WITHOUT_VALUE',
      given: `--set ${text}`,
      expected: '--set path=value',
      remedy: 'For example: --set training.learningRate=2e-5 or --set objective.supCon.temperature=[0.05,0.1].',
    });
  }
  return { path: text.slice(0, at), value: parseValue(text.slice(at + 1)) };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: perhaps an expression.
  }
  // Only what computes is an expression: a bare word such as `mean` is also the name of a function.
  if (/[\d)\]]/.test(text) && !/[/\\.]{1,2}[A-Za-z]/.test(text)) {
    try {
      const math = expressions();
      const value: unknown = math.evaluate(text);
      if (typeof value === 'number' || Array.isArray(value)) return value;
      if (math.isMatrix(value)) return value.toArray();
    } catch {
      // Not an expression either: plain text such as all-MiniLM-L6-v2.
    }
  }
  return text;
}

/**
 * Reads seeds: `7`, `1..5`, `1,3,8..10`.
 *
 * @throws UserError SEEDS_MALFORMED
 */
export function parseSeeds(text: string): number[] {
  const problem: Problem = {
    code: 'SEEDS_MALFORMED',
    given: `--seeds ${text}`,
    expected: 'whole numbers from 0 on, ranges and lists of them',
    remedy: 'For example: --seeds 1..5 or --seeds 1,3,7.',
  };
  const seeds = text.split(',').flatMap((part) => {
    const match = /^\s*(\d{1,9})(?:\.\.(\d{1,9}))?\s*$/.exec(part);
    if (!match) throw new UserError(problem);
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first || last - first > 9999) throw new UserError(problem);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(seeds)];
}

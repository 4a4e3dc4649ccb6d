import {
  absDependencies,
  addDependencies,
  andDependencies,
  create,
  divideDependencies,
  equalDependencies,
  evaluateDependencies,
  expDependencies,
  largerDependencies,
  largerEqDependencies,
  log10Dependencies,
  logDependencies,
  type MathNode,
  maxDependencies,
  minDependencies,
  modDependencies,
  multiplyDependencies,
  notDependencies,
  orDependencies,
  parseDependencies,
  powDependencies,
  smallerDependencies,
  smallerEqDependencies,
  sqrtDependencies,
  subtractDependencies,
  unaryMinusDependencies,
  unaryPlusDependencies,
} from 'mathjs/number';
import { messageOf } from '../../../errors.ts';

/** Something that a filter can let through. */
export interface Filterable {
  /** What a search for words looks at. */
  readonly text: string;
  /** Its numbers and words by name. */
  value(name: string): unknown;
}

export type Filter = { readonly accepts: (item: Filterable) => boolean } | { readonly problem: string };

const math = create({
  ...absDependencies,
  ...addDependencies,
  ...andDependencies,
  ...divideDependencies,
  ...equalDependencies,
  ...evaluateDependencies,
  ...expDependencies,
  ...largerDependencies,
  ...largerEqDependencies,
  ...log10Dependencies,
  ...logDependencies,
  ...maxDependencies,
  ...minDependencies,
  ...modDependencies,
  ...multiplyDependencies,
  ...notDependencies,
  ...orDependencies,
  ...parseDependencies,
  ...powDependencies,
  ...smallerDependencies,
  ...smallerEqDependencies,
  ...sqrtDependencies,
  ...subtractDependencies,
  ...unaryMinusDependencies,
  ...unaryPlusDependencies,
});

/** Comparisons of numbers and texts alike. What something does not have is NaN, of which neither holds. */
math.import({
  isSame: (a: unknown, b: unknown) => isKnown(a) && isKnown(b) && isEqual(a, b),
  isOther: (a: unknown, b: unknown) => isKnown(a) && isKnown(b) && !isEqual(a, b),
});

function isKnown(value: unknown): boolean {
  return !Number.isNaN(value);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' || typeof b === 'string') return String(a) === String(b);
  return math.equal(a as number, b as number) === true;
}

/**
 * What a person types to see fewer runs. With a comparison in it, it is an expression over names such as
 * `knn.macroF1 > 0.4 and weight <= 10` or `status == "failed"`; otherwise words, all of which have to occur.
 *
 * @param names known names; where something does not have one, every comparison with it fails
 */
export function parseFilter(given: string, names: readonly string[]): Filter {
  const text = given.trim();
  if (!/[<>]|[=!]=/.test(text)) {
    const words = text.toLowerCase().split(/\s+/);
    return { accepts: (item) => words.every((word) => item.text.toLowerCase().includes(word)) };
  }
  try {
    const { expression, symbols } = withSymbols(text, names);
    const tree = math.parse(expression);
    const [unknown] = tree.filter((node) => isSymbol(node) && !symbols.has(node.name) && !functions.has(node.name));
    if (unknown && isSymbol(unknown)) return { problem: `there is no ${unknown.name}` };
    const [foreign] = tree.filter(({ type }) => !nodes.has(type));
    if (foreign) {
      return { problem: foreign.type === 'AssignmentNode' ? 'to compare, write ==' : 'this is no comparison' };
    }
    const compiled = tree.transform(comparingAnything).compile();
    return {
      accepts: (item) => {
        const scope = new Map([...symbols].map(([symbol, name]) => [symbol, item.value(name) ?? Number.NaN]));
        try {
          return compiled.evaluate(scope) === true;
        } catch {
          // An axis may have numbers in some runs and words in others, which do not compare.
          return false;
        }
      },
    };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

const functions = new Set(['true', 'false', 'abs', 'log', 'log10', 'sqrt', 'exp', 'min', 'max']);

/** What a filter is made of. Nothing else that math.js can do, such as assignments and ranges, is let in. */
const nodes = new Set([
  'ConditionalNode',
  'ConstantNode',
  'FunctionNode',
  'OperatorNode',
  'ParenthesisNode',
  'RelationalNode',
  'SymbolNode',
]);

function isSymbol(node: MathNode): node is MathNode & { readonly name: string } {
  return node.type === 'SymbolNode';
}

/** With a symbol in the place of each name, since names have dots and hyphens in them. The longest name fits first. */
function withSymbols(text: string, names: readonly string[]) {
  const symbols = new Map<string, string>();
  const pattern = [...names]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'))
    .join('|');
  const bySymbol = new Map<string, string>();
  // What stands in quotation marks is no name.
  const expression = text.replace(
    new RegExp(`"[^"]*"|'[^']*'|(?<![\\w.])(?:${pattern || '(?!)'})(?![\\w.])`, 'g'),
    (found) => {
      if (/^["']/.test(found)) return found;
      const symbol = symbols.get(found) ?? `name${symbols.size}`;
      symbols.set(found, symbol);
      bySymbol.set(symbol, found);
      return symbol;
    },
  );
  return { expression, symbols: bySymbol };
}

/** math.js takes texts for numbers, and finds what is missing different from everything. */
function comparingAnything(node: MathNode): MathNode {
  if (node.type !== 'OperatorNode') return node;
  const { op, args } = node as MathNode & { op: string; args: MathNode[] };
  const comparison = { '==': 'isSame', '!=': 'isOther' }[op];
  return comparison === undefined ? node : new math.FunctionNode(comparison, args);
}

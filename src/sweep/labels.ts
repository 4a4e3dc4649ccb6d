import type { Cell } from './cells.ts';

/**
 * The shortest endings of dotted paths that still tell them apart: `objective.supCon.temperature` is `temperature`
 * unless another path ends alike.
 */
export function shortNames(paths: readonly string[]): Map<string, string> {
  const ending = (path: string, parts: number) => path.split('.').slice(-parts).join('.');
  return new Map(
    paths.map((path) => {
      let parts = 1;
      while (paths.some((other) => other !== path && ending(other, parts) === ending(path, parts))) parts++;
      return [path, ending(path, parts)];
    }),
  );
}

/** A value of an axis as a person reads it: `0.1`, `mean`, `mlp out 64`, `supCon 0.1 + crossEntropy`. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'none';
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, inner]) => ({ key, inner, shown: showValue(inner) }));
  const parts = entries.map(({ key, inner, shown }) =>
    key === 'kind' ? shown : `${key} ${only(inner) ?? shown}`.trim(),
  );
  const ofObjects = entries.every(({ inner }) => typeof inner === 'object' && inner !== null);
  return parts.join(ofObjects ? ' + ' : ' ');
}

/** The value of a term's only option, whose name the term's says enough of. */
function only(term: unknown): string | undefined {
  if (typeof term !== 'object' || term === null) return undefined;
  const values = Object.values(term);
  return values.length === 1 && typeof values[0] !== 'object' ? String(values[0]) : undefined;
}

/** A cell's place in the sweep, e.g. `temperature 0.1 · weight 10 · seed 2`. */
export function labelOf(cell: Pick<Cell, 'kind' | 'axes' | 'seed'>): string {
  const names = shortNames(Object.keys(cell.axes));
  const places = Object.entries(cell.axes).map(([path, value]) => `${names.get(path)} ${showValue(value)}`);
  const seed = cell.seed === null ? [] : [`seed ${cell.seed}`];
  return [...(cell.kind === 'original' ? ['original encoder'] : []), ...places, ...seed].join(' · ');
}

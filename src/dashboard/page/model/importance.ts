/** How much of a measure's variance goes with one parameter. */
export interface Importance {
  readonly parameter: string;
  /** η², from 0 to 1. */
  readonly share: number;
}

/** A parameter with more different numbers than this is divided into as many groups of equal size. */
export const mostGroups = 8;

/**
 * Importance of each parameter for a measure: η² of a one-way analysis of variance, the share of the runs' sum of squares
 * that lies between the values of the parameter (Fisher 1925). On a full grid the shares of all parameters add up to at most
 * 1, and what is missing are interactions and seeds; on other designs they may overlap.
 *
 * @param runs each run's value of the measure, finite, and its values of the parameters
 * @returns the most important first; none if the measure does not vary
 */
export function importances(
  parameters: readonly string[],
  runs: readonly { readonly value: number; readonly axes: Readonly<Record<string, unknown>> }[],
): Importance[] {
  // Beside rounding: the mean of equal values may be none of them.
  if (runs.every(({ value }) => value === runs[0]?.value)) return [];
  const mean = sum(runs.map(({ value }) => value)) / runs.length;
  const total = sum(runs.map(({ value }) => (value - mean) ** 2));
  if (!(total > 0)) return [];
  return parameters
    .map((parameter) => {
      const groups = new Map<string, number[]>();
      const groupOf = grouping(runs.map(({ axes }) => axes[parameter]));
      for (const [i, { value }] of runs.entries()) {
        const group = groupOf[i] as string;
        const own = groups.get(group);
        if (own) own.push(value);
        else groups.set(group, [value]);
      }
      const between = sum([...groups.values()].map((own) => own.length * (sum(own) / own.length - mean) ** 2));
      return { parameter, share: between / total };
    })
    .sort((a, b) => b.share - a.share);
}

/** The group of each value: itself, or its quantile where there are many different numbers. */
function grouping(values: readonly unknown[]): string[] {
  const keys = values.map((value) => JSON.stringify(value) ?? '');
  const different = new Set(keys);
  if (different.size <= mostGroups || !values.every((value) => typeof value === 'number')) return keys;
  const sorted = [...different].map(Number).sort((a, b) => a - b);
  const rank = new Map(sorted.map((value, i) => [value, Math.floor((i * mostGroups) / sorted.length)]));
  return (values as number[]).map((value) => String(rank.get(value)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

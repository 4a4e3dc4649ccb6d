import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeExperiments } from '../../src/tracking/mergeExperiments.ts';
import type { ExperimentFile } from '../../src/tracking/results.ts';

/** A plan with a point for each weight, a cell for each weight and seed, and one original. */
function plan(weights: readonly number[], seeds: readonly number[], command = 'yarn sweep'): ExperimentFile {
  const cells = weights.flatMap((weight) =>
    seeds.map((seed) => ({
      ...{ id: `a${weight}f${seed}`, kind: 'retrofit' as const, axes: { weight }, seed, original: '0' },
    })),
  );
  return {
    ...{ format: 1, name: 'merged', file: 'merged.ts', command, engine: [], columns: [] },
    points: weights.map((weight) => ({ axes: { weight } })),
    seeds: [...seeds],
    cells: [{ id: '0', kind: 'original', axes: {}, seed: null, original: null }, ...cells],
  };
}

describe('mergeExperiments', () => {
  it('has every point, seed and cell of both once, and the earlier command', () => {
    const numbers = fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(numbers, numbers, numbers, numbers, (weightsA, seedsA, weightsB, seedsB) => {
        const [a, b] = [plan(weightsA, seedsA), plan(weightsB, seedsB, 'later')];
        const merged = mergeExperiments(a, b);
        expect(merged.command).toBe('yarn sweep');
        expect(new Set(merged.seeds)).toEqual(new Set([...seedsA, ...seedsB]));
        expect(merged.seeds).toHaveLength(new Set(merged.seeds).size);
        expect(merged.points.map(({ axes }) => axes.weight).sort()).toEqual(
          [...new Set([...weightsA, ...weightsB])].sort(),
        );
        const ids = (of: ExperimentFile) => of.cells.map(({ id }) => id);
        expect(ids(merged).sort()).toEqual([...new Set([...ids(a), ...ids(b)])].sort());
      }),
    );
  });

  it('is the plan itself where the earlier one has nothing else', () => {
    const both = plan([1, 10], [1, 2]);
    expect(
      mergeExperiments(plan([1], [2]), both)
        .cells.map(({ id }) => id)
        .sort(),
    ).toEqual(both.cells.map(({ id }) => id).sort());
  });
});

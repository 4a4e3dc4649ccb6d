import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterAgreement } from '../../src/evaluation/clusterAgreement.ts';
import golden from './golden/agreement.json' with { type: 'json' };

describe('against scikit-learn', () => {
  it.each(golden.map((example, i) => [i, example] as const))('case %i', (_, { classes, clusters, ...expected }) => {
    const scores = clusterAgreement(classes, clusters);
    for (const [name, value] of Object.entries(expected)) {
      expect(scores[name as keyof typeof scores], name).toBeCloseTo(value, 9);
    }
  });
});

it('gives the values of the definitions', () => {
  const scores = clusterAgreement([0, 0, 0, 1, 1, 2, 2, 2, 2], [0, 0, 1, 1, 1, 2, 2, 0, 2]);
  expect(scores.ami).toBeCloseTo(0.40867051, 8);
  expect(scores.nmi).toBeCloseTo(0.589509827, 8);
  expect(scores.ari).toBeCloseTo(0.357142857, 8);
  expect(scores.fms).toBeCloseTo(0.527046277, 8);
});

describe('properties', () => {
  const groups = fc.integer({ min: 0, max: 4 });
  const pairs = fc.array(fc.tuple(groups, groups), { minLength: 1, maxLength: 60 });
  const of = (list: readonly (readonly [number, number])[]) =>
    clusterAgreement(
      list.map(([a]) => a),
      list.map(([, b]) => b),
    );

  it('names of clusters mean nothing, and neither does the order of the items', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const renamed = list.map(([a, b]) => [a + 10, 7 - b] as const).reverse();
        for (const [name, value] of Object.entries(of(renamed))) {
          expect(value, name).toBeCloseTo(of(list)[name as keyof ReturnType<typeof of>], 9);
        }
      }),
    );
  });

  it('pairs of items count as a count of all pairs has it', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        let [both, classes, clusters, all] = [0, 0, 0, 0];
        list.forEach(([a, b], i) => {
          for (const [c, d] of list.slice(0, i)) {
            all++;
            if (a === c) classes++;
            if (b === d) clusters++;
            if (a === c && b === d) both++;
          }
        });
        const { ari, fms } = of(list);
        const chance = all === 0 ? 0 : (classes * clusters) / all;
        const room = (classes + clusters) / 2 - chance;
        // Without room both put all items together, or each alone.
        expect(ari).toBeCloseTo(room === 0 ? 1 : (both - chance) / room, 9);
        expect(fms).toBeCloseTo(both === 0 ? 0 : both / Math.sqrt(classes * clusters), 9);
      }),
    );
  });

  it('does not overflow with 50,000 items', () => {
    const classes = Int32Array.from({ length: 50_000 }, (_, i) => i % 28);
    const clusters = Int32Array.from({ length: 50_000 }, (_, i) => (i % 10 === 0 ? 0 : i % 28));
    const scores = clusterAgreement(classes, clusters);
    for (const [name, value] of Object.entries(scores)) {
      expect(value, name).toBeGreaterThan(0.5);
      expect(value, name).toBeLessThan(1);
    }
    expect(clusterAgreement(classes, classes)).toEqual({
      ...{ ami: 1, nmi: 1, ari: 1, homogeneity: 1, completeness: 1, vMeasure: 1 },
      fms: expect.closeTo(1, 12),
    });
  });
});

it('refuses lists of different lengths and empty ones', () => {
  expect(() => clusterAgreement([], [])).toThrow(RangeError);
  expect(() => clusterAgreement([1], [1, 2])).toThrow(RangeError);
});

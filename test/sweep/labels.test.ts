import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelOf, shortNames, showValue } from '../../src/sweep/labels.ts';

const namesOf = (...paths: string[]) => [...shortNames(paths).values()];

describe('shortNames', () => {
  it('are the last part where that says enough', () => {
    expect(namesOf('objective.supCon.temperature', 'sampler.m', 'pooling')).toEqual(['temperature', 'm', 'pooling']);
    expect(namesOf()).toEqual([]);
  });

  it('grow where paths end alike', () => {
    expect(namesOf('objective.supCon.weight', 'objective.vectorSpacePreservation.weight', 'sampler.m')).toEqual([
      'supCon.weight',
      'vectorSpacePreservation.weight',
      'm',
    ]);
    expect(namesOf('weight', 'supCon.weight', 'a.supCon.weight')).toEqual([
      'weight',
      'supCon.weight',
      'a.supCon.weight',
    ]);
  });

  it('tell any paths apart and are endings of them', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('.'));
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 8 }), (paths) => {
        const names = shortNames(paths);
        expect(new Set(names.values()).size).toBe(paths.length);
        for (const [full, name] of names) expect(`.${full}`.endsWith(`.${name}`)).toBe(true);
      }),
    );
  });
});

describe('showValue', () => {
  it.each([
    ['mean', 'mean'],
    [0.1, '0.1'],
    [true, 'true'],
    [{ kind: 'mlp' }, 'mlp'],
    [{ kind: 'mPerClass', batchSize: 64, m: 4 }, 'mPerClass batchSize 64 m 4'],
    [{ crossEntropy: {} }, 'crossEntropy'],
    [
      { supCon: { temperature: 0.1 }, vectorSpacePreservation: { weight: 10 } },
      'supCon 0.1 + vectorSpacePreservation 10',
    ],
    [{ supCon: { temperature: 0.1, denominator: 'in' } }, 'supCon temperature 0.1 denominator in'],
    [null, 'none'],
    [['neutral'], '["neutral"]'],
  ])('of %j is %s', (value, shown) => {
    expect(showValue(value)).toBe(shown);
  });
});

describe('labelOf', () => {
  it('names place and seed of a cell', () => {
    const axes = { 'objective.supCon.temperature': 0.1, 'objective.vectorSpacePreservation.weight': 10 };
    expect(labelOf({ kind: 'retrofit', axes, seed: 2 })).toBe('temperature 0.1 · weight 10 · seed 2');
    expect(labelOf({ kind: 'retrofit', axes: {}, seed: 0 })).toBe('seed 0');
  });

  it('names the original by what it differs in from other originals', () => {
    expect(labelOf({ kind: 'original', axes: {}, seed: null })).toBe('original encoder');
    expect(labelOf({ kind: 'original', axes: { pooling: 'cls' }, seed: null })).toBe('original encoder · pooling cls');
  });
});

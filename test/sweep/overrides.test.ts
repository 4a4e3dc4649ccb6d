import { describe, expect, it } from 'vitest';
import { parseOverride, parseSeeds } from '../../src/sweep/overrides.ts';

describe('parseOverride', () => {
  it.each([
    ['training.learningRate=2e-5', 2e-5],
    ['training.save=false', false],
    ['pooling=mean', 'mean'],
    ['encoder=all-MiniLM-L6-v2', 'all-MiniLM-L6-v2'],
    ['encoder=sentence-transformers/all-MiniLM-L6-v2', 'sentence-transformers/all-MiniLM-L6-v2'],
    ['encoder=./models/x-1', './models/x-1'],
    ['encoder=model(1)', 'model(1)'],
    ['data.source=/data/2024-01', '/data/2024-01'],
    ['head={"kind":"mlp"}', { kind: 'mlp' }],
    ['data.exclude=["neutral"]', ['neutral']],
    ['x=2^-3', 0.125],
    ['x=3 / 4', 0.75],
    ['x=linspace(0, 1, 3)', [0, 0.5, 1]],
    ['x=logspace(-2, 2, 5)', [0.01, 0.1, 1, 10, 100]],
    ['x=logspace(-1, -1, 1)', [0.1]],
    ['x=[0.05, 0.1]', [0.05, 0.1]],
    ['x=[1/2, 1/4]', [0.5, 0.25]],
    ['x=a=b', 'a=b'],
  ])('reads %s', (text, value) => {
    expect(parseOverride(text).value).toEqual(value);
  });

  it.each(['x', '=1', 'x=', ''])('refuses %j', (text) => {
    expect(() => parseOverride(text)).toThrow('SET_WITHOUT_VALUE');
  });
});

describe('parseSeeds', () => {
  it.each([
    ['7', [7]],
    ['1..4', [1, 2, 3, 4]],
    ['1,3,8..10', [1, 3, 8, 9, 10]],
    ['2,2,1..2', [2, 1]],
    ['0', [0]],
  ])('reads %s', (text, seeds) => {
    expect(parseSeeds(text)).toEqual(seeds);
  });

  it.each(['', 'a', '1.5', '-1', '5..1', '1..', '0..100000'])('refuses %j', (text) => {
    expect(() => parseSeeds(text)).toThrow('SEEDS_MALFORMED');
  });
});

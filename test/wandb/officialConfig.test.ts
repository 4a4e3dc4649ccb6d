import { expect, test } from 'vitest';
import { officialConfig } from '../../src/wandb/officialConfig.ts';

test('metrics are abbreviated as the official client does it', () => {
  const options = { step_sync: true, defined: true };
  // What `wandb sync` 0.26.0 sent of a run that had defined these three by `define_metric`.
  expect(
    officialConfig(
      [],
      [
        { name: 'train/step', options: { hidden: true, defined: true } },
        {
          ...{ name: 'train/loss', step_metric: 'train/step', options },
          ...{ summary: { min: true, max: true, last: true }, goal: 1 },
        },
        {
          ...{ name: 'knn/f1', step_metric: 'train/step', options },
          ...{ summary: { best: true, last: true }, goal: 2 },
        },
      ],
    ),
  ).toEqual({
    _wandb: {
      value: {
        m: [
          { 1: 'train/step', 6: [2, 3] },
          { 1: 'train/loss', 5: 1, 6: [1, 3], 7: [1, 2, 5], 8: 1 },
          { 1: 'knn/f1', 5: 1, 6: [1, 3], 7: [4, 5], 8: 2 },
        ],
      },
    },
  });
});

test('values are wrapped, and what is no JSON goes by its name', () => {
  const items = [
    { key: 'lr', value_json: '0.1' },
    { nested_key: ['n', 'a'], value_json: '{"b":[1,null,"NaN"]}' },
    { key: 'limit', value_json: '-Infinity' },
    { key: 'odd', value_json: '[NaN,"Infinity and beyond"]' },
  ];
  expect(officialConfig(items, [])).toMatchObject({
    lr: { value: 0.1 },
    'n.a': { value: { b: [1, null, 'NaN'] } },
    limit: { value: '-Infinity' },
    odd: { value: ['NaN', 'Infinity and beyond'] },
  });
});

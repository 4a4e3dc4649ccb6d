import { expect, it } from 'vitest';
import { measureOf, measures } from '../../src/evaluation/measures.ts';

it.each([
  ['knn.macroF1', 'macroF1'],
  ['sst2.logisticRegression.macroF1', 'macroF1'],
  ['knn.macroF1At5', 'macroF1'],
  ['drift.neighbourOverlapAt3', 'neighbourOverlap'],
  ['retrieval.precisionAt1', 'precisionAt1'],
  ['retrieval.mapAtR', 'mapAtR'],
  ['a.task+context.drift.deltaEmb', 'deltaEmb'],
] as const)('%s is of the measure %s', (metric, name) => {
  expect(measureOf(metric)).toBe(measures[name]);
});

it.each(['loss', 'knn.toString', 'train.gradientNorm'])('%s is no measure', (metric) => {
  expect(measureOf(metric)).toBeUndefined();
});

import { describe, expect, test } from 'vitest';
import { directionMark, formatDifference, formatMetric, formatSummary, metricTitle } from '../../src/report/metrics.ts';

describe('formatMetric', () => {
  test.each([
    ['knn.accuracy', 0.62345, '62.3'],
    ['knn.macroF1', 1, '100.0'],
    ['drift.deltaEmb', 0, '0'],
    ['drift.deltaEmb', 0.0123456, '0.0123'],
    ['drift.deltaEmb', 0.001, '0.00100'],
    ['drift.deltaEmb', 0.00099951, '0.00100'],
    ['drift.deltaEmb', 0.000012345, '1.23e-5'],
    ['drift.deltaL2', 12.345, '12.3'],
    ['drift.deltaL2', 12345.6, '12346'],
    ['drift.deltaL2', 123456.7, '1.23e5'],
    ['drift.cka', 0.98765, '0.988'],
    ['loss', Number.NaN, 'NaN'],
    ['loss', Number.POSITIVE_INFINITY, 'Infinity'],
  ])('%s %d is %s', (metric, value, text) => {
    expect(formatMetric(metric, value)).toBe(text);
  });
});

describe('formatSummary', () => {
  test.each([
    ['knn.accuracy', 0.62345, 0.0117, '62.3 ± 1.2'],
    ['knn.accuracy', 0.62345, null, '62.3'],
    ['drift.deltaEmb', 0.0123456, 0.00123, '0.0123 ± 0.0012'],
    ['drift.deltaEmb', 0.000012345, 0.00000123, '1.23e-5 ± 0.12e-5'],
    ['drift.deltaEmb', 0.0001, 0.0123, '0.0001 ± 0.0123'],
    ['drift.deltaEmb', 0, 0, '0 ± 0'],
  ])('%s %d ± %d is %s', (metric, mean, halfWidth, text) => {
    expect(formatSummary(metric, { mean, halfWidth })).toBe(text);
  });
});

test('formatDifference has a sign', () => {
  expect(formatDifference('knn.macroF1', { mean: 0.021, halfWidth: 0.004 })).toBe('+2.1 ± 0.4');
  expect(formatDifference('knn.macroF1', { mean: -0.021, halfWidth: null })).toBe('-2.1');
  expect(formatDifference('drift.deltaEmb', { mean: 0, halfWidth: null })).toBe('0');
});

test('a metric goes by its measure, and on another task by its whole name', () => {
  expect(metricTitle('drift.deltaEmb')).toBe('Δemb');
  expect(metricTitle('clustering.silhouette')).toBe('silhouette');
  expect(metricTitle('sst2.knn.macroF1')).toBe('sst2.knn.macroF1');
  expect(metricTitle('knn.macroF1At5')).toBe('knn.macroF1At5');
});

test('a metric of the trained classifier goes by its measure and says whose it is', () => {
  expect(metricTitle('classifier.macroF1')).toBe('classifier macro F1 %');
  expect(metricTitle('classifier.logLoss')).toBe('classifier log loss');
  expect(metricTitle('classifier.unheardOf')).toBe('classifier.unheardOf');
  expect(metricTitle('sst2.classifier.macroF1')).toBe('sst2.classifier.macroF1');
  expect(formatMetric('classifier.weightedF1', 0.9262)).toBe('92.6');
  expect(directionMark('classifier.logLoss')).toBe('↓');
});

test('a metric says which direction is to be preferred', () => {
  expect(['sst2.knn.macroF1', 'drift.deltaEmb', 'loss'].map(directionMark)).toEqual(['↑', '↓', '']);
});

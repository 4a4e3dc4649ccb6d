import { expect, it } from 'vitest';
import { cellLine } from '../../src/report/cellLine.ts';
import type { EndRecord } from '../../src/tracking/journal.ts';

const end = (metrics: Record<string, number>, more: Partial<EndRecord> = {}): EndRecord => ({
  type: 'end',
  status: 'completed',
  steps: 10,
  metrics,
  wall: { seconds: 12.4 },
  ...more,
});
const metrics = {
  'drift.deltaEmb': 0.01234,
  'knn.accuracy': 0.7,
  'knn.macroF1': 0.6123,
  'classifier.macroF1': 0.581,
  'classifier.logLoss': 0.4567,
  'sst2.knn.macroF1': 0.8,
};

it.each([
  ['kNN where the experiment has no columns', [], 'macro F1 61.2'],
  ['the first of its columns', ['classifier.logLoss', 'knn.accuracy'], 'classifier log loss 0.457'],
  ['the first that was measured', ['nothing.here', 'knn.accuracy'], 'accuracy 70.0'],
  ['a task that a column stands for', ['*.knn.macroF1'], 'sst2.knn.macroF1 80.0'],
  ['no drift twice', ['drift.deltaEmb', 'classifier.macroF1'], 'classifier macro F1 58.1'],
])('shows drift and %s', (_, columns, shown) => {
  expect(cellLine('seed 1', end(metrics), columns)).toBe(`✓ seed 1: Δemb 0.0123, ${shown}, 12 s`);
});

it('says what a run was stopped by, and how far a diverged one came', () => {
  const stopped = end(metrics, { status: 'stopped', reason: 'Δemb above 0.5' });
  expect(cellLine('seed 1', stopped, ['knn.accuracy'])).toBe(
    '✓ seed 1: Δemb 0.0123, accuracy 70.0, 12 s, stopped: Δemb above 0.5',
  );
  expect(cellLine('seed 1', end({}, { status: 'diverged', reason: 'the loss is NaN' }), [])).toBe(
    '! seed 1: 12 s, diverged: the loss is NaN',
  );
});

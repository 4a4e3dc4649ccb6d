import { expect, it } from 'vitest';
import { columnMetrics, unknownColumns } from '../../src/report/columns.ts';

const measured = ['knn.accuracy', 'knn.macroF1', 'my.task.knn.macroF1', 'sst2.knn.macroF1', 'sst2.knnXmacroF1'];

it.each([
  ['a metric', ['knn.macroF1'], ['knn.macroF1']],
  ['any task, also one with dots in its name', ['*.knn.macroF1'], ['my.task.knn.macroF1', 'sst2.knn.macroF1']],
  ['any end', ['knn.*'], ['knn.accuracy', 'knn.macroF1']],
  [
    'no metric twice, in the order of the columns',
    ['sst2.*', '*.knn.macroF1'],
    ['sst2.knn.macroF1', 'sst2.knnXmacroF1', 'my.task.knn.macroF1'],
  ],
  ['a dot, which is no wildcard', ['sst2.knn.macroF1'], ['sst2.knn.macroF1']],
  ['nothing that was not measured', ['knn.f1'], []],
])('stands for %s', (_, columns, metrics) => {
  expect(columnMetrics(columns, measured)).toEqual(metrics);
});

it('names columns that no run has, and what they may have been meant for', () => {
  expect(unknownColumns(['knn.macroF1', 'knn.macrof1', '*.svm.macroF1', '*.knn.macroF'], measured)).toEqual([
    expect.stringMatching(/^no run has the metric knn\.macrof1, which is a column\. .*knn\.macroF1/),
    expect.stringMatching(/^no run has the metric \*\.knn\.macroF, which is a column\./),
  ]);
  expect(unknownColumns(['anything'], [])).toEqual([]);
});

import { expect, test } from 'vitest';
import { measures } from '../../src/evaluation/measures.ts';
import { metricDefinition } from '../../src/wandb/metricDefinition.ts';

const shown = { step_metric: 'train/step', options: { step_sync: true, defined: true } };
const loss = { ...shown, summary: { min: true, last: true }, goal: 1 };

test.each([
  ['train/step', { options: { hidden: true, defined: true } }],
  ['train/loss', loss],
  ['train/terms/supCon', loss],
  ['train/terms/supCon/part', loss],
  ['train/lossOfSomething', shown],
  ['train/gradientNorm', shown],
  ['train/learningRate', shown],
  ['train/epoch', shown],
  ['train/counts/supCon/loneAnchors', shown],
  ['train/stepsPerSecond', shown],
  ['conflict/norms/supCon', shown],
  ['conflict/cosines/supCon/other', shown],
  ['knn/confusionMatrix', shown],
  ['drift/layers', shown],
  ['sweep/table', shown],
  ['knn/macroF1', { ...shown, goal: 2 }],
  ['sst2/knn/macroF1At5', { ...shown, goal: 2 }],
  ['drift/deltaEmb', { ...shown, goal: 1 }],
  ['validation/knn/macroF1', { ...shown, summary: { max: true, best: true, last: true }, goal: 2 }],
  ['validation/knn/accuracyAt11', { ...shown, summary: { max: true, best: true, last: true }, goal: 2 }],
  ['validation/drift/deltaEmb', { ...shown, summary: { min: true, best: true, last: true }, goal: 1 }],
  ['validation/something/else', shown],
])('%s', (name, rest) => {
  expect(metricDefinition(name)).toEqual({ name, ...rest });
});

test.each(Object.entries(measures))('%s has its direction, on test texts and in validations', (measure, {
  direction,
}) => {
  const goal = direction === 'higher' ? 2 : 1;
  const extreme = direction === 'higher' ? { max: true } : { min: true };
  expect(metricDefinition(`any/${measure}`)).toEqual({ name: `any/${measure}`, ...shown, goal });
  const name = `validation/any/${measure}`;
  expect(metricDefinition(name)).toEqual({ name, ...shown, goal, summary: { ...extreme, best: true, last: true } });
});

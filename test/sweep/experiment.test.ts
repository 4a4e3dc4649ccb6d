import { expect, it } from 'vitest';
import { defineExperiment, type Experiment } from '../../src/sweep/experiment.ts';

const base = {
  name: 'types',
  objective: { supCon: { temperature: 0.1 } },
  sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
  training: { steps: 10 },
} as const satisfies Experiment;

it('returns frozen data that round-trips through JSON', () => {
  const experiment = defineExperiment({ ...base, grid: { 'objective.supCon.temperature': [0.05, 0.1] } });
  expect(JSON.parse(JSON.stringify(experiment))).toEqual(experiment);
  expect(Object.isFrozen(experiment.grid?.['objective.supCon.temperature'])).toBe(true);
  expect(Object.isFrozen(experiment.objective.supCon)).toBe(true);
});

it('is checked by the compiler', () => {
  // Each line below has to be an error: the type checker refuses an expected error that does not come.
  defineExperiment({
    ...base,
    grid: { 'sampler.m': [2, 4], 'head.kind': ['linear', 'mlp'], pooling: ['cls', 'mean'] },
  });
  // @ts-expect-error: no such axis
  defineExperiment({ ...base, grid: { 'objective.supCon.temprature': [0.1] } });
  // @ts-expect-error: a temperature is a number
  defineExperiment({ ...base, grid: { 'objective.supCon.temperature': ['warm'] } });
  // @ts-expect-error: no such pooling
  defineExperiment({ ...base, grid: { pooling: ['max'] } });
  // @ts-expect-error: no such setting
  defineExperiment({ ...base, learningRate: 1 });
  // @ts-expect-error: no such term
  defineExperiment({ ...base, objective: { triplet: {} } });
  // @ts-expect-error: an axis is a list
  defineExperiment({ ...base, grid: { 'training.steps': 5 } });
  expect(true).toBe(true);
});

import { expect, test } from 'vitest';
import { changedSettings } from '../../src/report/changedSettings.ts';
import { type SettingsInput, settingsSchema } from '../../src/sweep/experiment.ts';

const least: SettingsInput = {
  objective: { supCon: { temperature: 0.3 } },
  sampler: { kind: 'mPerClass', batchSize: 32, m: 4 },
  training: { steps: 10 },
};

function changedIn(settings: SettingsInput, axes?: readonly string[]) {
  return Object.fromEntries(changedSettings(settingsSchema.parse(settings), axes));
}

test('names what was chosen and passes over defaults', () => {
  expect(changedIn(least)).toEqual({
    'objective.supCon.temperature': 0.3,
    'sampler.kind': 'mPerClass',
    'sampler.batchSize': 32,
    'training.steps': 10,
  });
  expect(
    changedIn({ ...least, pooling: 'mean', head: { kind: 'mlp' }, data: { exclude: ['neutral'] }, encoder: 'mini' }),
  ).toMatchObject({ pooling: 'mean', 'head.kind': 'mlp', 'data.exclude': ['neutral'] });
});

test('a term that was chosen with its defaults is named as a whole', () => {
  const changed = changedIn({ ...least, objective: { ...least.objective, vectorSpacePreservation: {} } });
  expect(changed).toHaveProperty(['objective.vectorSpacePreservation'], { reduction: 'mean', weight: 1 });
});

test('axes are named whatever their value', () => {
  const settings = { ...least, objective: { supCon: { temperature: 0.1 }, vectorSpacePreservation: {} } };
  const axes = ['objective.supCon.temperature', 'objective.vectorSpacePreservation.weight', 'pooling'];
  expect(changedIn(settings, axes)).toMatchObject({
    'objective.supCon.temperature': 0.1,
    'objective.vectorSpacePreservation.weight': 1,
    pooling: 'cls',
  });
});

test('settings of another version are all named', () => {
  const changed = changedSettings({ ...settingsSchema.parse(least), unheardOf: { of: 1 } });
  expect(changed.get('unheardOf.of')).toBe(1);
  expect(changed.get('pooling')).toBe('cls');
});

import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { defineExperiment, type Experiment, type Settings, type SettingsInput } from '../../src/sweep/experiment.ts';
import { parseOverride } from '../../src/sweep/overrides.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { projectExperiments } from './projectExperiments.ts';

const experiment = defineExperiment({
  name: 'plan',
  objective: { supCon: {}, vectorSpacePreservation: { weight: 1 } },
  sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
  training: { steps: 10 },
  grid: {
    'objective.supCon.temperature': [0.05, 0.1],
    'objective.vectorSpacePreservation.weight': [0, 1, 10],
  },
});

const problemsOf = (given: unknown, set: string[] = []) => {
  try {
    planExperiment(given as Experiment, { set: set.map(parseOverride) });
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
};

describe('planExperiment', () => {
  it('combines all axes, the last one fastest, and fills in defaults', () => {
    const { points, seeds } = planExperiment(experiment);
    expect(seeds).toEqual([1, 2, 3]);
    expect(points.map(({ axes }) => Object.values(axes))).toEqual([
      [0.05, 0],
      [0.05, 1],
      [0.05, 10],
      [0.1, 0],
      [0.1, 1],
      [0.1, 10],
    ]);
    expect(points[5]?.settings.objective).toMatchObject({
      supCon: { temperature: 0.1, weight: 1 },
      vectorSpacePreservation: { weight: 10, reduction: 'mean' },
    });
    expect(points[0]?.settings.training).toMatchObject({ learningRate: 1e-4, warmup: 0.1, schedule: 'linear' });
  });

  it('makes a list an axis, a single value a setting, and a list setting a list', () => {
    const set = [
      'objective.supCon.temperature=0.2',
      'training.learningRate=logspace(-5, -4, 2)',
      'data.exclude=["neutral"]',
    ].map(parseOverride);
    const { points } = planExperiment(experiment, { set, seeds: [4] });
    expect(points).toHaveLength(6);
    expect(new Set(points.map(({ settings }) => settings.objective.supCon?.temperature))).toEqual(new Set([0.2]));
    expect(new Set(points.map(({ settings }) => settings.training.learningRate))).toEqual(new Set([1e-5, 1e-4]));
    expect(points.every(({ settings }) => settings.data.exclude[0] === 'neutral')).toBe(true);
  });

  it('lets an axis be a whole object, for settings that belong together', () => {
    const set = [
      parseOverride('sampler=[{"kind":"stratified","batchSize":32},{"kind":"mPerClass","batchSize":32,"m":4}]'),
    ];
    const kinds = planExperiment({ ...experiment, grid: {} }, { set }).points.map(
      (point) => point.settings.sampler.kind,
    );
    expect(kinds).toEqual(['stratified', 'mPerClass']);
  });

  it('takes the precision that the machine has for auto, and any other as it is', () => {
    const precisions = (autoPrecision: 'float32' | 'bfloat16', ...set: string[]) =>
      planExperiment({ ...experiment, grid: {} }, { autoPrecision, set: set.map(parseOverride) }).points.map(
        ({ settings }) => settings.precision,
      );
    expect(precisions('bfloat16')).toEqual(['bfloat16']);
    expect(precisions('float32', 'precision=auto')).toEqual(['float32']);
    expect(precisions('bfloat16', 'precision=["float32","bfloat16"]')).toEqual(['float32', 'bfloat16']);
  });

  it('reports everything that is wrong, each thing once', () => {
    const problems = problemsOf({
      ...experiment,
      poolin: 'mean',
      maxLength: -1,
      grid: { 'objective.supCon.temprature': [0.1, 0.2], 'training.learningRate': [1, 'fast'] },
    });
    expect(problems.map(({ code, given }) => `${code} ${given}`).sort()).toEqual([
      'EXPERIMENT_INVALID maxLength = -1',
      'EXPERIMENT_INVALID training.learningRate = "fast"',
      'EXPERIMENT_UNKNOWN_SETTING objective.supCon.temprature',
      'EXPERIMENT_UNKNOWN_SETTING poolin',
    ]);
    expect(problems.find(({ given }) => given === 'poolin')?.remedy).toContain('"pooling"');
    expect(problems.find(({ given }) => given.endsWith('temprature'))?.remedy).toContain('"temperature"');
  });

  it.each([
    [{ ...experiment, name: '../x' }, 'name'],
    [{ ...experiment, seeds: [1, 1] }, 'seeds'],
    [{ ...experiment, seeds: [] }, 'seeds'],
    [{ ...experiment, grid: { pooling: [] } }, 'grid.pooling'],
    [{ ...experiment, training: { steps: 1, epochs: 1 } }, 'training.steps'],
    [{ ...experiment, training: {} }, 'training.steps'],
    [{ ...experiment, training: { steps: 5, stopWhen: { patience: 2 } } }, 'training.validateEvery'],
    [{ ...experiment, objective: {}, grid: {} }, 'objective'],
    [{ ...experiment, sampler: { kind: 'random' } }, 'sampler'],
  ])('refuses a wrong definition (%#) at %s', (wrong, path) => {
    expect(
      problemsOf(wrong)
        .map(({ given }) => given)
        .join(),
    ).toContain(path);
  });

  it('refuses a setting that an axis of whole objects would undo, and takes one that comes after it', () => {
    const stratified = { kind: 'stratified', batchSize: 32 };
    const grid = { sampler: [stratified, { kind: 'mPerClass', batchSize: 32, m: 4 }] };
    const codes = (wrong: object, set?: string[]) => problemsOf(wrong, set).map(({ code }) => code);
    expect(codes({ ...experiment, grid }, ['sampler.batchSize=64'])).toEqual(['EXPERIMENT_AXIS_CONFLICT']);
    expect(codes({ ...experiment, grid: { 'sampler.batchSize': [8, 16], ...grid } })).toEqual([
      'EXPERIMENT_AXIS_CONFLICT',
    ]);
    const { points } = planExperiment({ ...experiment, grid } as Experiment, {
      set: [parseOverride('sampler.batchSize=[8,16]')],
    });
    expect(points.map(({ settings }) => settings.sampler.batchSize)).toEqual([8, 16, 8, 16]);
  });

  it('refuses a value that stands twice on an axis', () => {
    expect(problemsOf(experiment, ['pooling=["cls","cls"]']).map(({ code }) => code)).toEqual([
      'EXPERIMENT_DUPLICATE_VALUE',
    ]);
  });
});

/** The points of what a journal holds of resolved settings. */
function pointsAgain(settings: Settings) {
  const written = JSON.parse(JSON.stringify(settings)) as SettingsInput;
  return planExperiment({ name: 'again', ...written }).points;
}

describe('resolved settings', async () => {
  it.each<[string, Partial<SettingsInput>]>([
    ['defaults', {}],
    [
      'pairs that contradict each other, with and without a weight',
      {
        objective: {
          crossEntropy: {},
          contradiction: {
            pairs: [
              ['joy', 'grief'],
              ['love', 'anger', 2],
            ],
          },
        },
        evaluation: { classifier: { contradictions: [['joy', 'fear', 0.5]], threshold: 0.3, examples: ['no'] } },
      },
    ],
    [
      'places of classes, and learnt weights',
      { objective: { crossEntropy: {}, valence: { values: { joy: 1 } }, intensity: {} }, balancing: 'uncertainty' },
    ],
    ['adapters', { training: { steps: 5, lora: { rank: 4, targets: ['query', 'output'], save: 'adapters' } } }],
    ['no adapters', { training: { epochs: 0.5, lora: null, validateEvery: 'epoch', stopWhen: { patience: 2 } } }],
    ['two segments', { segments: 'two', pooling: 'mean', precision: 'bfloat16' }],
    [
      'data divided anew and multiplied',
      { data: { resplit: { train: 0.6, validation: 0.2, test: 0.2 }, augment: {} } },
    ],
    ['tasks downstream', { evaluation: { downstream: { tasks: ['sst2'], fewShot: {}, fineTuning: {} } } }],
  ])('are settings again, and resolve to themselves: %s', (_, changes) => {
    const [point] = planExperiment({ ...experiment, grid: {}, ...changes }).points;
    const settings = point?.settings as Settings;
    expect(pointsAgain(settings)).toEqual([{ axes: {}, settings }]);
  });

  it.each(await projectExperiments())('of the experiments of the project resolve to themselves: %s', (_, own) => {
    const { points } = planExperiment(own);
    expect(points.length).toBeGreaterThan(0);
    for (const { settings } of points) expect(pointsAgain(settings)).toEqual([{ axes: {}, settings }]);
  });
});

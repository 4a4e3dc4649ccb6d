import { describe, expect, it } from 'vitest';
import { type Corpus, dataSchema, loadCorpus } from '../../src/data/corpus.ts';
import type { Problem } from '../../src/errors.ts';
import type { Experiment, Settings, SettingsInput } from '../../src/sweep/experiment.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { classProblems, settingProblems } from '../../src/sweep/settingProblems.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';
import { projectExperiments } from './projectExperiments.ts';

const base = {
  name: 'problems',
  data: { source: 'embedded-sentiment' },
  objective: { crossEntropy: {} },
  sampler: { kind: 'shuffled', batchSize: 16 },
  training: { steps: 10 },
} as const satisfies Experiment;

function settingsOf(changes: Partial<SettingsInput>): Settings {
  const [point] = planExperiment({ ...base, ...changes }).points;
  return (point as { settings: Settings }).settings;
}

const training = (more: object) => ({ training: { steps: 10, ...more } });
const examples = { evaluation: { classifier: { examples: ['Never again.'] } } };
const codes = (problems: readonly Problem[]) => problems.map(({ code }) => code);

/** Classes of which joy alone has a known place. */
async function tickets(): Promise<Corpus> {
  const csv = 'text,label\na,joy\nb,joy\nc,billing\nd,billing\ne,refund\nf,refund\n';
  const folder = await temporaryFolder({ 'train.csv': csv, 'validation.csv': csv, 'test.csv': csv });
  return loadCorpus(dataSchema.parse({ source: folder }), { dataFolder: '' });
}

const sentiment = () => loadCorpus(dataSchema.parse({ source: 'embedded-sentiment' }), { dataFolder: '' });

describe('settings that do not go together', () => {
  const mistakes: [string, Partial<SettingsInput>, Partial<Problem>][] = [
    [
      'few shots of no task',
      { evaluation: { downstream: { fewShot: {} } } },
      { code: 'DOWNSTREAM_WITHOUT_TASKS', given: expect.stringContaining('fewShot') },
    ],
    [
      'a monitor of no classifier',
      { objective: { supCon: {} }, ...training({ monitor: 'classifier.macroF1' }) },
      { code: 'MONITOR_WITHOUT_CLASSIFIER', given: expect.stringContaining('classifier.macroF1') },
    ],
    ['examples for no classifier', { objective: { supCon: {} }, ...examples }, { code: 'EXAMPLES_WITHOUT_CLASSIFIER' }],
    ...['context', 'character', 'context+character', 'character+context'].map(
      (added): [string, Partial<SettingsInput>, Partial<Problem>] => [
        `examples without what +${added} puts before texts`,
        { data: { source: `embedded-sentiment+${added}` }, ...examples },
        { code: 'EXAMPLES_WITHOUT_CONTEXT', remedy: expect.stringContaining('yarn predict --context') },
      ],
    ),
    [
      'a head of transformers on the mean',
      { pooling: 'mean', classifier: { kind: 'sequenceClassification' } },
      { code: 'CLASSIFIER_ON_MEAN', remedy: expect.stringContaining('classifier.kind=linear') },
    ],
    [
      'a softmax and sigmoids',
      { objective: { crossEntropy: {}, binaryCrossEntropy: {} } },
      { code: 'CLASSIFIER_TWO_ACTIVATIONS' },
    ],
    ['contradiction alone', { objective: { contradiction: {} } }, { code: 'CLASSIFIER_UNTRAINED' }],
    [
      'contradiction beside classes of no weight',
      { objective: { contradiction: {}, crossEntropy: { weight: 0 } } },
      { code: 'CLASSIFIER_UNTRAINED' },
    ],
    ['two segments with adapters', { segments: 'two', ...training({ lora: {} }) }, { code: 'SEGMENTS_UNTRAINED' }],
    [
      'two segments with frozen layers',
      { segments: 'two', ...training({ freeze: { layers: 1 } }) },
      { code: 'SEGMENTS_UNTRAINED', remedy: expect.stringContaining('segments=own') },
    ],
  ];

  it.each(mistakes)('%s', (_, changes, problem) => {
    expect(settingProblems(settingsOf(changes))).toEqual([expect.objectContaining(problem)]);
  });

  it('are named all at once', () => {
    const settings = settingsOf({
      data: { source: 'embedded+context' },
      pooling: 'mean',
      segments: 'two',
      classifier: { kind: 'sequenceClassification' },
      objective: { crossEntropy: { weight: 0 }, binaryCrossEntropy: { weight: 0 }, contradiction: {} },
      evaluation: { ...examples.evaluation, downstream: { fineTuning: {} } },
      ...training({ lora: {} }),
    });
    expect(codes(settingProblems(settings)).sort()).toEqual([
      'CLASSIFIER_ON_MEAN',
      'CLASSIFIER_TWO_ACTIVATIONS',
      'CLASSIFIER_UNTRAINED',
      'DOWNSTREAM_WITHOUT_TASKS',
      'EXAMPLES_WITHOUT_CONTEXT',
      'SEGMENTS_UNTRAINED',
    ]);
    const unclassified = settingsOf({
      objective: { supCon: {} },
      ...examples,
      ...training({ monitor: 'classifier.accuracy' }),
    });
    expect(codes(settingProblems(unclassified))).toEqual(['MONITOR_WITHOUT_CLASSIFIER', 'EXAMPLES_WITHOUT_CLASSIFIER']);
  });

  it.each<[string, Partial<SettingsInput>]>([
    ['a linear head on the mean', { pooling: 'mean', classifier: { kind: 'linear' } }],
    ['a mean without a classifier', { pooling: 'mean', objective: { supCon: {} } }],
    ['contradiction of no weight', { objective: { supCon: {}, contradiction: { weight: 0 } } }],
    ['contradiction beside sigmoids', { objective: { binaryCrossEntropy: {}, contradiction: {} } }],
    ['two segments of an encoder that is trained whole', { segments: 'two' }],
    ['own segments with adapters', training({ lora: {} })],
    ['examples, and texts without contexts', examples],
  ])('are not %s', (_, changes) => {
    expect(settingProblems(settingsOf(changes))).toEqual([]);
  });
});

describe('classes that an objective cannot go by', () => {
  it.each(['valence', 'intensity'] as const)('those without a place, all of them in the remedy: %s', async (term) => {
    const settings = settingsOf({ objective: { crossEntropy: {}, [term]: {} } });
    const [problem, ...others] = classProblems(settings, await tickets());
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'CIRCUMPLEX_CLASS_WITHOUT_PLACE' });
    expect(problem?.given).toContain('billing, refund');
    expect(problem?.remedy).toContain(`objective.${term}.values, e.g. {"billing":0,"refund":0}`);
  });

  it('are none once every place is given', async () => {
    const values = { billing: -0.2, refund: 0.1 };
    const settings = settingsOf({ objective: { crossEntropy: {}, valence: { values } } });
    expect(classProblems(settings, await tickets())).toEqual([]);
  });

  it('those of which no two contradict each other', async () => {
    const corpus = await tickets();
    const settings = settingsOf({ objective: { crossEntropy: {}, contradiction: {} } });
    expect(codes(classProblems(settings, corpus))).toEqual(['CONTRADICTION_WITHOUT_PAIRS']);
    const named = settingsOf({ objective: { crossEntropy: {}, contradiction: { pairs: [['billing', 'joy']] } } });
    expect(classProblems(named, corpus)).toEqual([]);
  });

  const places = { positve: 0.1 };
  const pairs: [string, string][] = [
    ['positve', 'negative'],
    ['negative', 'positve'],
  ];
  it.each<[string, Partial<SettingsInput>]>([
    ['objective.contradiction.pairs', { objective: { crossEntropy: {}, contradiction: { pairs } } }],
    ['evaluation.classifier.contradictions', { evaluation: { classifier: { contradictions: pairs } } }],
    ['objective.valence.values', { objective: { crossEntropy: {}, valence: { values: places } } }],
    ['objective.intensity.values', { objective: { crossEntropy: {}, intensity: { values: places } } }],
  ])('those that the corpus does not have, each once: %s', async (path, changes) => {
    const problems = classProblems(settingsOf(changes), await sentiment());
    expect(codes(problems)).toEqual(['DATA_UNKNOWN_CLASS']);
    expect(problems[0]?.given).toMatch(`${path} with "positve"`);
    expect(problems[0]?.remedy).toContain('Did you mean "positive"?');
  });

  it('are named all at once', async () => {
    const settings = settingsOf({
      objective: {
        crossEntropy: {},
        valence: { values: { joi: 1 } },
        intensity: {},
        contradiction: { pairs: [['bill', 'refund', 2]] },
      },
    });
    expect(codes(classProblems(settings, await tickets()))).toEqual([
      'CIRCUMPLEX_CLASS_WITHOUT_PLACE',
      'CIRCUMPLEX_CLASS_WITHOUT_PLACE',
      'DATA_UNKNOWN_CLASS',
      'DATA_UNKNOWN_CLASS',
    ]);
  });
});

describe('the experiments of the project', async () => {
  it.each(await projectExperiments())('have no such problem: %s', async (_, experiment) => {
    for (const { settings } of planExperiment(experiment).points) {
      expect(settingProblems(settings)).toEqual([]);
      // The others have to be downloaded.
      if (!settings.data.source.startsWith('embedded')) continue;
      expect(classProblems(settings, await loadCorpus(settings.data, { dataFolder: '' }))).toEqual([]);
    }
  });
});

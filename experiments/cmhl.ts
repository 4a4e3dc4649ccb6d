import { defineExperiment } from '../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'cmhl',
  data: { source: 'embedded-sentiment' },
  encoder: 'mini',
  maxLength: 64,
  classifier: { kind: 'sequenceClassification' },
  objective: { crossEntropy: {} },
  sampler: { kind: 'shuffled', batchSize: 16 },
  training: {
    epochs: 6,
    learningRate: 3e-4,
    validateEvery: 'epoch',
    monitor: 'classifier.macroF1',
    checkpoint: 'best',
    conflictEvery: 0,
  },
  columns: [
    'classifier.accuracy',
    'classifier.macroF1',
    'classifier.contradictionRate',
    'affect.valenceError',
    'affect.intensityError',
  ],
  grid: {
    objective: [
      { crossEntropy: {} },
      { crossEntropy: {}, valence: { weight: 0.5 } },
      { crossEntropy: {}, intensity: { weight: 0.5 } },
      { crossEntropy: {}, contradiction: { weight: 1 } },
      { crossEntropy: {}, valence: { weight: 0.5 }, intensity: { weight: 0.5 }, contradiction: { weight: 1 } },
    ],
  },
  seeds: [1, 2, 3],
});

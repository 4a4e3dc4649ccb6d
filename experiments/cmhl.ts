import { defineExperiment } from '../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'cmhl',
  data: { source: 'embedded-ekman' },
  encoder: 'mini',
  maxLength: 64,
  classifier: { kind: 'sequenceClassification' },
  objective: {
    crossEntropy: {},
    valence: {},
    intensity: {},
    contradiction: {},
  },
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
  // Each term on and off; a term of weight 0 is measured and not trained on.
  grid: {
    'objective.valence.weight': [0, 0.5],
    'objective.intensity.weight': [0, 0.5],
    'objective.contradiction.weight': [0, 1],
  },
  seeds: [1, 2, 3],
});

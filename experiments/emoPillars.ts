import { defineExperiment } from '../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'emo-pillars',
  encoder: 'mini',
  maxLength: 128,
  classifier: { kind: 'sequenceClassification' },
  objective: { binaryCrossEntropy: {} },
  sampler: { kind: 'shuffled', batchSize: 16 },
  training: {
    epochs: 10,
    learningRate: 5e-4,
    validateEvery: 'epoch',
    monitor: 'classifier.macroF1',
    checkpoint: 'best',
    conflictEvery: 0,
  },
  columns: [
    'classifier.macroF1',
    'classifier.contextual.macroF1',
    'classifier.inferable.macroF1',
    'classifier.explicit.macroF1',
    'classifier.microF1',
  ],
  grid: { 'data.source': ['embedded-soft-sentiment', 'embedded-soft-sentiment+context+character'] },
  seeds: [1, 2, 3],
});

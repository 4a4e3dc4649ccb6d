/**
 * What is context worth to an emotion classifier? Training on soft labels, in the manner of Emo Pillars (arXiv 2504.16856),
 * without and with the context of an utterance and its speaker, and scores by whether an utterance can be understood without.
 *
 *     yarn sweep experiments/emoPillars.ts
 *     yarn sweep experiments/emoPillars.ts --encoder all-MiniLM-L6-v2
 *
 * On one's own data, for instance what `yarn synthesize` has made:
 *
 *     yarn sweep experiments/emoPillars.ts --set data.own.labelling=soft \
 *       --set 'data.source=["results/synthesized/plots/contextless","results/synthesized/plots/contextual+context+character"]'
 */
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

/**
 * Does it help a classifier to know where emotions lie, and which of them contradict each other? Cross-entropy alone, with
 * valence and intensity on Russell's circumplex, with the contradiction loss, and with all of them, in the manner of CMHL
 * (arXiv 2603.14078, whose formulas, pairs and weights are not public).
 *
 *     yarn sweep experiments/cmhl.ts
 *     yarn sweep experiments/cmhl.ts --encoder all-MiniLM-L6-v2 --data emotion
 *
 * `--set balancing=uncertainty` learns the weights. On classes that are no emotions, as those of SWMH (`--data swmh`, from a
 * licensed copy), places and pairs have to be given: `values` of valence and intensity, `pairs` of contradiction.
 */
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

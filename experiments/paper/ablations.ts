/**
 * What do the parts of the recipe matter? Linear against MLP head, M-per-class against stratified batches, [CLS] against
 * mean pooling, each with and without vector space preservation (the ablations of arXiv 2310.18930).
 *
 *     yarn sweep experiments/paper/ablations.ts
 *     yarn sweep experiments/paper/ablations.ts --encoder sentence-transformers/all-MiniLM-L6-v2 --data goemotions
 *
 * The first takes 4 min 34 s on 2 cores (Intel Xeon with AMX).
 */
import { defineExperiment } from '../../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'paper-ablations',
  data: { source: 'embedded' },
  encoder: 'mini',
  objective: { supCon: { temperature: 0.1 }, vectorSpacePreservation: { weight: 10 } },
  sampler: { kind: 'mPerClass' },
  training: { steps: 100, learningRate: 1e-4 },
  grid: {
    head: [
      { kind: 'linear', out: 64 },
      { kind: 'mlp', out: 64 },
    ],
    sampler: [
      { kind: 'mPerClass', batchSize: 64, m: 4 },
      { kind: 'stratified', batchSize: 64 },
    ],
    pooling: ['cls', 'mean'],
    'objective.vectorSpacePreservation.weight': [0, 10],
  },
  seeds: [1, 2, 3],
});

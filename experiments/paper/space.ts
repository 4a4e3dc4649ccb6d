/**
 * Which loss makes the better space, and what does it cost? Clustering, retrieval and drift after contrastive
 * retrofitting with and without vector space preservation, after preservation alone, and after cross-entropy in place of
 * the contrastive loss (the ablations of arXiv 2310.18930).
 *
 *     yarn sweep experiments/paper/space.ts
 *     yarn sweep experiments/paper/space.ts --encoder sentence-transformers/all-MiniLM-L6-v2 --data goemotions
 *
 * The first takes 1 min 20 s on 2 cores (Intel Xeon with AMX).
 */
import { defineExperiment } from '../../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'paper-space',
  data: { source: 'embedded' },
  encoder: 'mini',
  pooling: 'cls',
  head: { kind: 'linear', out: 64 },
  objective: { supCon: {} },
  sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
  training: { steps: 100, learningRate: 1e-4 },
  grid: {
    objective: [
      { supCon: { temperature: 0.1 }, vectorSpacePreservation: { weight: 10 } },
      { supCon: { temperature: 0.1 } },
      { vectorSpacePreservation: { weight: 10 } },
      { crossEntropy: {} },
      { crossEntropy: {}, vectorSpacePreservation: { weight: 10 } },
    ],
  },
  seeds: [1, 2, 3],
  columns: [
    'clustering.ami',
    'clustering.ari',
    'clustering.fms',
    'retrieval.mrr',
    'retrieval.precisionAt1',
    'retrieval.mapAtR',
  ],
});

/**
 * How sensitive is retrofitting to temperature τ and weight λ of vector space preservation? The paper (arXiv 2310.18930)
 * leaves both open.
 *
 *     yarn sweep experiments/paper/sensitivity.ts
 *     yarn sweep experiments/paper/sensitivity.ts --encoder sentence-transformers/all-MiniLM-L6-v2 --data goemotions
 *
 * The first takes 3 min 29 s on 2 cores (Intel Xeon with AMX).
 */
import { defineExperiment } from '../../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'paper-sensitivity',
  data: { source: 'embedded' },
  encoder: 'mini',
  pooling: 'cls',
  head: { kind: 'linear', out: 64 },
  objective: { supCon: {}, vectorSpacePreservation: {} },
  sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
  training: { steps: 100, learningRate: 1e-4 },
  grid: {
    'objective.supCon.temperature': [0.05, 0.1, 0.3, 0.5, 1],
    'objective.vectorSpacePreservation.weight': [0, 0.1, 1, 10],
  },
  seeds: [1, 2],
});

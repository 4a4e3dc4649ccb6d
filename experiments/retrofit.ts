/**
 * What does retrofitting buy, and how far does the encoder drift for it? The embedded encoder on the embedded corpus,
 * over temperature and the weight of vector space preservation.
 *
 *     yarn sweep experiments/retrofit.ts
 *
 * Cost: 37 s on 2 cores (Intel Xeon with AMX), 53 s on 2 cores (AMD EPYC with AVX512-BF16), with fused ops, 2 workers.
 * Result (results/record/retrofit.md): macro F1 19.7 → 33.8 ± 1.8 without preservation at Δemb .030; a weight of 10 gains
 * no less (35.1 ± .9) at .011, a weight of 100 keeps 31.6 ± 3.4 at .003 (temperature .1).
 */
import { defineExperiment } from '../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'retrofit',
  data: { source: 'embedded' },
  encoder: 'mini',
  pooling: 'mean',
  head: { kind: 'linear', out: 64 },
  objective: {
    supCon: { temperature: 0.1 },
    vectorSpacePreservation: { weight: 1, reduction: 'mean' },
  },
  sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
  training: { steps: 30, learningRate: 1e-3 },
  evaluation: { knn: { k: 10 } },
  grid: {
    'objective.supCon.temperature': [0.1, 0.3],
    'objective.vectorSpacePreservation.weight': [0, 10, 100],
  },
  seeds: [1, 2, 3],
});

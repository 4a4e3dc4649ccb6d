/**
 * What does retrofitting buy, and how far does the encoder drift for it? The embedded encoder on the embedded corpus,
 * over temperature and the weight of vector space preservation.
 *
 *     yarn sweep experiments/retrofit.ts
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

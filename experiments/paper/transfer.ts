/**
 * Does it carry over to another domain? Retrofitted on one emotion corpus, judged on another by kNN and logistic
 * regression on the embeddings as they are (left open by arXiv 2310.18930).
 *
 *     yarn sweep experiments/paper/transfer.ts
 *     yarn sweep experiments/paper/transfer.ts --encoder sentence-transformers/all-MiniLM-L6-v2 --data goemotions \
 *       --tasks emotion,emocontext
 *
 * The first takes 1 min 2 s on 2 cores (Intel Xeon with AMX).
 */
import { defineExperiment } from '../../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'paper-transfer',
  data: { source: 'embedded' },
  encoder: 'mini',
  pooling: 'cls',
  head: { kind: 'linear', out: 64 },
  objective: { supCon: { temperature: 0.1 }, vectorSpacePreservation: {} },
  sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
  training: { steps: 100, learningRate: 1e-4 },
  evaluation: { downstream: { tasks: ['embedded-ekman', 'embedded-sentiment'] } },
  grid: { 'objective.vectorSpacePreservation.weight': [0, 1, 10, 100] },
  seeds: [1, 2, 3],
  columns: ['knn.macroF1', '*.knn.macroF1', '*.logisticRegression.macroF1'],
});

/**
 * What is a retrofitted encoder worth on other tasks? Each task by kNN and logistic regression on the embeddings as they
 * are, by fine-tuning, and by learning the task and the emotions at once. The untouched encoder is the baseline, its
 * multi-task learning the paper's MTL; cross-entropy on emotions before the task is transfer learning, its TLearn (arXiv
 * 2310.18930).
 *
 *     yarn sweep experiments/paper/downstream.ts
 *     yarn sweep experiments/paper/downstream.ts --encoder sentence-transformers/all-MiniLM-L6-v2 --data goemotions \
 *       --tasks sst2,tweeteval-irony,mustard --set evaluation.downstream.fineTuning.learningRate=5e-5 \
 *       --set evaluation.downstream.multiTask.learningRate=5e-5
 *
 * The first takes 2 min 18 s on 2 cores (Intel Xeon with AMX).
 */
import { defineExperiment } from '../../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'paper-downstream',
  data: { source: 'embedded' },
  encoder: 'mini',
  pooling: 'cls',
  head: { kind: 'linear', out: 64 },
  objective: { supCon: {} },
  sampler: { kind: 'mPerClass', batchSize: 64, m: 4 },
  training: { steps: 100, learningRate: 1e-4 },
  // The rate at which the small encoder mini learns; encoders of BERT's size and MiniLM take 5e-5.
  evaluation: {
    downstream: {
      tasks: ['embedded-sentiment'],
      fineTuning: { learningRate: 1e-3 },
      multiTask: { learningRate: 1e-3 },
    },
  },
  grid: {
    objective: [
      { supCon: { temperature: 0.1 }, vectorSpacePreservation: { weight: 10 } },
      { supCon: { temperature: 0.1 } },
      { crossEntropy: {} },
    ],
  },
  seeds: [1, 2, 3],
  columns: ['*.knn.macroF1', '*.logisticRegression.macroF1', '*.fineTuning.macroF1', '*.multiTask.macroF1'],
});

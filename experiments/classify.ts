/**
 * The recipe of a DistilBERT emotion classifier: fine-tuning with the architecture's own classification head, plain or
 * class-weighted cross-entropy, all weights or low-rank adapters (LoRA), early stopping and the best weights by validation.
 *
 *     yarn sweep experiments/classify.ts
 *     yarn sweep experiments/classify.ts --encoder distilbert/distilbert-base-uncased --data emotion \
 *       --set training.learningRate=5e-5 --set training.epochs=5 --set maxLength=128
 *
 * The second is the published setting, which was not run here. `yarn runs show classify` adds the ensembles of the seeds, and
 * `yarn runs show <cell>` the report by class.
 *
 * Cost: 2 min 36 s on 2 cores (Intel Xeon with AMX), with fused ops, 2 workers; 12 cells.
 * Result: accuracy 62.1 ± 3.1 plain and 57.7 ± 17.8 class-weighted; by adapters of rank 8 55.6 ± 4.6 and 49.8 ± 9.1;
 * Δemb .167 ± .029 and .143 ± .189, by adapters .086 ± .029 and .105 ± .023.
 */
import { defineExperiment } from '../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'classify',
  data: { source: 'embedded-sentiment' },
  encoder: 'mini',
  maxLength: 64,
  classifier: { kind: 'sequenceClassification' },
  objective: { crossEntropy: { classWeights: 'none' } },
  sampler: { kind: 'shuffled', batchSize: 16 },
  training: {
    epochs: 10,
    learningRate: 3e-4,
    warmup: 0.1,
    schedule: 'linear',
    validateEvery: 'epoch',
    monitor: 'classifier.weightedF1',
    stopWhen: { patience: 3 },
    checkpoint: 'best',
    conflictEvery: 0,
  },
  evaluation: {
    classifier: {
      examples: [
        'I cannot believe they gave the prize to me, I could dance.',
        'Do not ever speak to my sister like that again.',
        'She has not written since March, and I keep listening for the postman.',
      ],
    },
  },
  columns: ['classifier.accuracy', 'classifier.weightedF1', 'classifier.macroF1'],
  grid: {
    'objective.crossEntropy.classWeights': ['none', 'balanced'],
    // An alpha that high makes up for a learning rate that suits all weights.
    'training.lora': [null, { rank: 8, alpha: 256 }],
  },
  seeds: [1, 2, 3],
});

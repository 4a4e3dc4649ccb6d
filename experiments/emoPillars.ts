/**
 * What is context worth to an emotion classifier? Training on soft labels, in the manner of Emo Pillars (arXiv 2504.16856),
 * without and with the context of an utterance and its speaker, and scores by whether an utterance can be understood without:
 * those of the kind `paired` stand in two contexts, with a positive emotion in the one and a negative one in the other.
 *
 *     yarn sweep experiments/emoPillars.ts
 *     yarn sweep experiments/emoPillars.ts --encoder all-MiniLM-L6-v2 --set training.learningRate=1e-4 --set training.epochs=8
 *
 * A linear head on the mean, since `mini` and all-MiniLM-L6-v2 were made for it; for BERT or RoBERTa, and a model that
 * `yarn predict` and `transformers` load: `--set classifier.kind=sequenceClassification --set pooling=cls`.
 *
 * On one's own data, for instance what `yarn synthesize` has made, and then, from the encoder that a cell has left, on what
 * people have labelled: `goemotions-multi` (or its groups, `-sentiment` and `-ekman`), `isear`, `emocontext+context`:
 *
 *     yarn sweep experiments/emoPillars.ts --set data.own.labelling=soft \
 *       --set 'data.source=["results/synthesized/stories/contextless","results/synthesized/stories/contextual+context+character"]'
 *     yarn sweep experiments/emoPillars.ts --encoder results/emo-pillars/cells/<cell>/encoder --data goemotions-multi-ekman \
 *       --set training.learningRate=1e-4 --set training.epochs=3
 *
 * Cost: 2 min 8 s on 2 cores (Intel Xeon with AMX), with fused ops, 2 workers; 6 cells.
 * Result (results/record/emoPillars.md): on the pairs ROC-AUC .500 without context and .834 ± .045 with it (+.334 ± .045), with
 * all-MiniLM-L6-v2 .968 ± .016; on the other utterances nothing is gained, and `mini` loses 1.3 ± .8 points of micro F1 on all.
 */
import { defineExperiment } from '../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'emo-pillars',
  encoder: 'mini',
  maxLength: 128,
  pooling: 'mean',
  classifier: { kind: 'linear' },
  objective: { binaryCrossEntropy: {} },
  sampler: { kind: 'shuffled', batchSize: 16 },
  training: {
    epochs: 10,
    learningRate: 1e-3,
    validateEvery: 'epoch',
    monitor: 'classifier.macroF1',
    checkpoint: 'best',
    conflictEvery: 0,
  },
  columns: ['classifier.macroF1', 'classifier.paired.microF1', 'classifier.microF1', 'classifier.*.rocAuc'],
  grid: {
    'data.source': ['embedded-paired-soft-sentiment', 'embedded-paired-soft-sentiment+context+character'],
  },
  seeds: [1, 2, 3],
});

/**
 * Copy this file, rename the experiment, change one thing, run it:
 *
 *     yarn sweep experiments/mine.ts --smoke     # seconds: does it run?
 *     yarn sweep experiments/mine.ts --dry-run   # how many cells, how long?
 *     yarn sweep experiments/mine.ts
 *
 * Do not add to this file; what you leave out has the default that your editor shows.
 */
import { defineExperiment } from '../src/sweep/experiment.ts';

export default defineExperiment({
  name: 'fork-me',
  // 'embedded', 'goemotions', a folder with train, validation and test as .jsonl, .csv, .tsv or .parquet, or one such file.
  data: { source: 'embedded' },
  // 'mini', a Hugging Face folder, or owner/name on the hub.
  encoder: 'mini',
  pooling: 'mean',
  head: { kind: 'mlp', out: 64 },
  objective: { supCon: { temperature: 0.1 }, vectorSpacePreservation: { weight: 10 } },
  sampler: { kind: 'stratified', batchSize: 64 },
  training: { steps: 60, learningRate: 5e-4, validateEvery: 20, checkpoint: 'best' },
  // Each value is tried with each seed. The compiler knows the names: try a wrong one.
  grid: { 'objective.vectorSpacePreservation.weight': [0, 10] },
  seeds: [1, 2],
});

/** Seconds of what a sweep's time goes into: a training step, and the embedding of 64 texts of one length bucket. */
import { afterAll, beforeAll, bench, describe } from 'vitest';
import { createSampler, samplerSchema } from '../../samplers/index.ts';
import { places } from '../../src/cli/environment.ts';
import { loadCorpus } from '../../src/data/corpus.ts';
import { embedTexts } from '../../src/encoders/embed.ts';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { resolveEncoder } from '../../src/encoders/resolveEncoder.ts';
import { createHead, type ProjectionHead } from '../../src/heads/projectionHead.ts';
import { objectiveSchema, weightedSum } from '../../src/objectives/weightedSum.ts';
import { selectTexts } from '../../src/text/batch.ts';
import { lengthBuckets } from '../../src/text/lengthBuckets.ts';
import { trainingSchema } from '../../src/training/options.ts';
import { type Training, train } from '../../src/training/trainer.ts';
import { availableEngines, useEngine } from '../engine/engines.ts';

const here = { ...places(process.env) };
const offline = { ...here.encoders, offline: true };
const found = await resolveEncoder('all-MiniLM-L6-v2', offline).catch(() => undefined);
const encoders = [
  ['mini', await resolveEncoder('mini', offline)] as const,
  ...(found === undefined ? [] : [['all-MiniLM-L6-v2', found] as const]),
];

for (const engine of availableEngines) {
  // all-MiniLM-L6-v2 takes 10 s a step on wasm; that is known and not worth the wait.
  for (const [name, folder] of encoders
    .filter(() => engine === 'tensorflow')
    .concat(engine === 'wasm' ? encoders.slice(0, 1) : [])) {
    describe(`${name} on ${engine}`, () => {
      let encoder: Encoder;
      let head: ProjectionHead;
      let training: Training;

      beforeAll(async () => {
        await useEngine(engine);
        const corpus = await loadCorpus({ source: 'embedded', exclude: [] }, here);
        encoder = await loadEncoder(folder, name);
        head = createHead({ kind: 'linear', out: 64 }, encoder.config.hiddenSize, 1);
        const texts = encoder.tokeniser.encode(corpus.train.texts, 128);
        training = {
          encoder,
          head,
          pooling: 'mean',
          objective: weightedSum(objectiveSchema.parse({ supCon: {}, vectorSpacePreservation: {} })),
          sampler: createSampler(samplerSchema.parse({ kind: 'mPerClass' }), corpus.train.labels, 1, corpus.labelNames),
          texts,
          labels: corpus.train.labels,
          frozen: await embedTexts(encoder, texts, { pooling: 'mean' }),
          options: trainingSchema.parse({ steps: 1, conflictEvery: 0 }),
          seed: 1,
        };
      });

      afterAll(() => {
        encoder.dispose();
        head.dispose();
      });

      bench('training step, batch 64', () => train(training).then(() => {}), { iterations: 10, time: 0 });
      bench(
        'embedding of 64 texts',
        async () => {
          const bucket = lengthBuckets(training.texts, 64)[7] ?? [];
          await embedTexts(encoder, selectTexts(training.texts, bucket), { pooling: 'mean' });
        },
        { iterations: 10, time: 0 },
      );
    });
  }
}

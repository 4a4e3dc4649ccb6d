import { performance } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs-core';
import { createSampler } from '../../samplers/index.ts';
import { targetsOf } from '../data/targets.ts';
import { embedTexts } from '../encoders/embed.ts';
import { withLora } from '../encoders/lora.ts';
import { createHeads } from '../heads/heads.ts';
import { countClasses } from '../objectives/objective.ts';
import { weightedSum } from '../objectives/weightedSum.ts';
import { selectTexts } from '../text/batch.ts';
import { train } from '../training/trainer.ts';
import type { Cell } from './cells.ts';
import type { Materials } from './materials.ts';
import type { Rates } from './protocol.ts';

const timedSteps = 4;
const timedTexts = 128;

/**
 * Times real training steps (the first, which warms up, left out) and a real forward pass of this cell here and now.
 * Zeros stand in for the frozen embeddings: their values do not matter for the time. Left out are the passes that log
 * the conflict between gradients.
 */
export async function measureRates(cell: Cell, materials: Materials): Promise<Rates> {
  const { settings } = cell;
  const corpus = await materials.corpus(settings);
  const texts = await materials.tokens(settings, 'train');
  const encoder = await materials.trainable(settings);
  const objective = weightedSum(settings.objective, settings.balancing);
  const heads = createHeads(objective.needs, {
    projection: settings.head,
    classification: { ...settings.classifier, tasks: [corpus.labelNames.length], labelNames: corpus.labelNames },
    encoder,
    seed: 0,
  });
  const adapted = settings.training.lora && withLora(encoder, settings.training.lora, 0);
  try {
    const length = Math.min(timedTexts, texts.size);
    const sample = selectTexts(
      texts,
      Array.from({ length }, (_, i) => Math.floor((i * texts.size) / length)),
    );
    await embedTexts(encoder, sample, { pooling: settings.pooling });
    const beforeTexts = performance.now();
    await embedTexts(encoder, sample, { pooling: settings.pooling });
    const textsPerSecond = sample.size / ((performance.now() - beforeTexts) / 1000);

    const times: number[] = [];
    const columns = encoder.config.hiddenSize;
    await train({
      encoder: adapted ?? encoder,
      heads,
      pooling: settings.pooling,
      objective,
      sampler: createSampler(settings.sampler, corpus.train.labels, 0, corpus.labelNames),
      texts,
      labels: corpus.train.labels,
      classes: countClasses(corpus.labelNames, corpus.train.labels),
      targets: objective.needs.has('targets') ? targetsOf(corpus) : null,
      frozen: { data: new Float32Array(texts.size * columns), rows: texts.size, columns },
      options: { ...settings.training, steps: timedSteps, conflictEvery: 0 },
      seed: 0,
      onStep: () => times.push(performance.now()),
    });
    const [first = 0, last = 0] = [times[0], times.at(-1)];
    return {
      // A training that diverges ends early.
      secondsPerStep: (last - first) / 1000 / Math.max(1, times.length - 1),
      textsPerSecond,
    };
  } finally {
    adapted?.dispose();
    encoder.dispose();
    heads.dispose();
    tf.dispose([...objective.variables.values()]);
  }
}

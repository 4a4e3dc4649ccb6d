import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import { createSampler, samplerSchema } from '../../samplers/index.ts';
import { type Corpus, loadCorpus } from '../../src/data/corpus.ts';
import { emotions } from '../../src/data/emotions.ts';
import { embedTexts } from '../../src/encoders/embed.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import type { ClassifierConfig } from '../../src/heads/classificationHead.ts';
import { createHeads } from '../../src/heads/heads.ts';
import { headSchema } from '../../src/heads/projectionHead.ts';
import { countClasses } from '../../src/objectives/objective.ts';
import { type Balancing, objectiveSchema, weightedSum } from '../../src/objectives/weightedSum.ts';
import { trainingSchema } from '../../src/training/options.ts';
import { type StepReport, type Training, train } from '../../src/training/trainer.ts';
import { goldenFolder } from '../encoders/goldens.ts';

export interface TinySettings {
  readonly training: z.input<typeof trainingSchema>;
  /** Default: SupCon and VSP, both with weight 1. */
  readonly objective?: z.input<typeof objectiveSchema>;
  /** Default: fixed. */
  readonly balancing?: Balancing;
  /** Default: an MLP to 16 dimensions. */
  readonly head?: z.input<typeof headSchema>;
  /** Default: linear. */
  readonly classifier?: ClassifierConfig['kind'];
  /** Default 1. */
  readonly seed?: number;
}

export type TinyTraining = Training & { readonly frozen: NonNullable<Training['frozen']>; dispose(): void };

const classes = ['anger', 'gratitude', 'fear', 'amusement'];
const maxLength = 24;
let corpus: Promise<Corpus> | undefined;

/**
 * A training of a random BERT (2 layers of 32 dimensions, dropout .1) on 48 utterances of four classes in batches of
 * 4 × 4, on the current engine.
 */
export async function tinyTraining(settings: TinySettings): Promise<TinyTraining> {
  const {
    seed = 1,
    head = { kind: 'mlp', out: 16 },
    objective = { supCon: {}, vectorSpacePreservation: {} },
    balancing = 'fixed',
    classifier = 'linear',
  } = settings;
  const exclude = emotions.filter((name) => !classes.includes(name));
  corpus ??= loadCorpus({ source: 'embedded', exclude, limit: 48 }, { dataFolder: '' });
  const { train, labelNames } = await corpus;
  const encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
  const texts = encoder.tokeniser.encode(train.texts, maxLength);
  const sum = weightedSum(objectiveSchema.parse(objective), balancing);
  const heads = createHeads(sum.needs, {
    projection: headSchema.parse(head),
    classification: { kind: classifier, tasks: [labelNames.length], labelNames },
    encoder,
    seed,
  });
  const sampler = samplerSchema.parse({ kind: 'mPerClass', batchSize: 16, m: 4 });
  return {
    encoder,
    heads,
    pooling: 'mean',
    objective: sum,
    sampler: createSampler(sampler, train.labels, seed, labelNames),
    texts,
    labels: train.labels,
    classes: countClasses(labelNames, train.labels),
    frozen: await embedTexts(encoder, texts, { pooling: 'mean' }),
    options: trainingSchema.parse(settings.training),
    seed,
    dispose() {
      encoder.dispose();
      heads.dispose();
      tf.dispose([...sum.variables.values()]);
    },
  };
}

/** SHA-256 over the values of the encoder's and the heads' variables. */
export function weightsHash({ encoder, heads }: Pick<Training, 'encoder' | 'heads'>): string {
  const hash = createHash('sha256');
  for (const [name, variable] of [...encoder.variables, ...heads.variables]) {
    hash.update(name).update(variable.dataSync() as Float32Array);
  }
  return hash.digest('hex');
}

/** All that a short training with dropout and accumulation tells of itself, and the weights that it ends with. */
export async function seededRun(seed: number): Promise<{ reports: StepReport[]; weights: string }> {
  const training = await tinyTraining({ seed, training: { steps: 3, accumulate: 2, conflictEvery: 2 } });
  const reports: StepReport[] = [];
  await train({ ...training, onStep: (report) => reports.push(report) });
  const weights = weightsHash(training);
  training.dispose();
  return { reports, weights };
}

import * as tf from '@tensorflow/tfjs-core';
import { onTestFinished } from 'vitest';
import { type Corpus, loadCorpus } from '../../src/data/corpus.ts';
import type { SplitName } from '../../src/data/source.ts';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { type AdaptedEncoder, withLora } from '../../src/encoders/lora.ts';
import { resolveEncoder } from '../../src/encoders/resolveEncoder.ts';
import type { TrainedHeads } from '../../src/evaluation/trainedHeads.ts';
import { createHeads, type Heads } from '../../src/heads/heads.ts';
import { weightedSum } from '../../src/objectives/weightedSum.ts';
import { stream } from '../../src/random.ts';
import type { Settings, SettingsInput } from '../../src/sweep/experiment.ts';
import { trainedHeads } from '../../src/sweep/judgement.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { collate } from '../../src/text/batch.ts';
import type { TokenSequences } from '../../src/text/tokenSequences.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { dot } from '../evaluation/matrices.ts';

/** A tiny encoder with random weights, for what does not depend on what embeddings mean. */
export const tiny = `${goldenFolder}bert`;

/** Settings that train a classification head on `mini`, with some texts of the embedded corpus. */
export function cellSettings(changes: Partial<SettingsInput> = {}): Settings {
  const [point] = planExperiment({
    name: 'trained-cell',
    data: { source: 'embedded-sentiment', limit: 40 },
    maxLength: 16,
    objective: { crossEntropy: {} },
    sampler: { kind: 'shuffled', batchSize: 16 },
    training: { steps: 1 },
    ...changes,
  }).points;
  return (point as { settings: Settings }).settings;
}

const corpora = new Map<string, Promise<Corpus>>();

/** Loads a corpus that comes with the project; each once. */
function corpusOf({ data }: Settings): Promise<Corpus> {
  const key = JSON.stringify(data);
  const corpus = corpora.get(key) ?? loadCorpus(data, { dataFolder: '' });
  corpora.set(key, corpus);
  return corpus;
}

/** What a cell has once it is trained. */
export interface TrainedCell {
  readonly settings: Settings;
  readonly corpus: Corpus;
  readonly encoder: Encoder;
  readonly adapted: AdaptedEncoder | null;
  readonly heads: Heads;
  readonly judged: TrainedHeads;
}

/** Of an encoder's own weights those of at most so many values are changed: all would take long. */
const few = 4096;

/** A cell whose heads, and encoder or adapters, are not any more as they started. Freed after the test. */
export async function trainedCell(changes: Partial<SettingsInput> = {}): Promise<TrainedCell> {
  const settings = cellSettings(changes);
  const corpus = await corpusOf(settings);
  const folder = await resolveEncoder(settings.encoder, { hubCache: '', offline: true });
  const encoder = await loadEncoder(folder, settings.encoder);
  const { needs, activation } = weightedSum(settings.objective);
  const heads = createHeads(needs, {
    projection: settings.head,
    classification: { ...settings.classifier, tasks: [corpus.labelNames.length], labelNames: corpus.labelNames },
    encoder,
    seed: 1,
  });
  const { lora } = settings.training;
  const adapted = lora && withLora(encoder, lora, 1);
  onTestFinished(() => {
    for (const own of [encoder, adapted, heads]) own?.dispose();
  });
  disturb(heads.variables);
  disturb(new Map([...(adapted ?? encoder).variables].filter(([, { size }]) => size <= few)));
  return { settings, corpus, encoder, adapted, heads, judged: trainedHeads(settings, heads, corpus, activation) };
}

/** Adds normal values with a deviation of .1. */
function disturb(variables: ReadonlyMap<string, tf.Variable>): void {
  for (const [name, variable] of variables) {
    const random = stream(1, 'disturb', name);
    const noise = Float32Array.from({ length: variable.size }, () => 0.1 * random.normal());
    tf.tidy(() => variable.assign(tf.add(variable, tf.tensor(noise, variable.shape))));
  }
}

/** The tokens of a split's texts, without their contexts. */
export function tokensOf({ settings, corpus, encoder }: TrainedCell, split: SplitName): TokenSequences {
  return encoder.tokeniser.encode(corpus[split].texts, settings.maxLength);
}

/** The embeddings of texts, computed as one batch. */
export function embeddingsOf({ settings, encoder, adapted }: TrainedCell, texts: readonly string[]): number[][] {
  const tokens = encoder.tokeniser.encode(texts, settings.maxLength);
  const batch = collate(tokens, [...texts.keys()], encoder.tokeniser.padId);
  return tf.tidy(() => (adapted ?? encoder).embed(batch, settings.pooling).arraySync());
}

/** What the linear classification head holds for how likely, by its definition and in float64; [texts][classes]. */
export function probabilitiesOf(cell: TrainedCell, texts: readonly string[]): number[][] {
  const { variables } = cell.heads;
  const weight = variables.get('classifier.weight')?.arraySync() as number[][];
  const bias = variables.get('classifier.bias')?.arraySync() as number[];
  return embeddingsOf(cell, texts).map((embedding) => {
    const scores = weight.map((own, label) => dot(own, embedding) + (bias[label] as number));
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    return scores.map((score) =>
      cell.judged.activation === 'softmax' ? Math.exp(score) / total : 1 / (1 + Math.exp(-score)),
    );
  });
}

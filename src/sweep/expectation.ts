import type { Corpus } from '../data/corpus.ts';
import { tensorShapes } from '../encoders/architecture.ts';
import type { EncoderConfig } from '../encoders/config.ts';
import { frozenLayersBytes } from '../encoders/frozenLayers.ts';
import { elementCount } from '../encoders/safetensors.ts';
import type { Settings } from './experiment.ts';
import type { Rates } from './protocol.ts';

/** What one worker is expected to need for an encoder on its corpora, before anything has run. */
export interface Expectation {
  /** Within a factor of two or so; how they stand to each other and to other encoders' is more certain. */
  readonly rates: Rates;
  /** Size of the encoder's weights as they are saved. */
  readonly encoderBytes: number;
  /** Size of one text's embedding. */
  readonly embeddingBytes: number;
  /** Memory of the process at its largest. */
  readonly workerBytes: number;
}

const float32 = Float32Array.BYTES_PER_ELEMENT;

/** Multiplications and additions a second of a core with AVX-512, between what is measured in float32 and in bfloat16. */
const nominalSpeed = 2e11;

/** A backward pass multiplies with the weights and with the activations. */
const passesOfAStep = 3;

const charactersPerToken = 4;

/** Node, the engine and what it keeps in memory, and a small corpus. */
const processBytes = 0.7e9;

/** Copies of each weight: itself, its gradient, AdamW's two moments, the frozen encoder, and what is needed meanwhile. */
const copiesOfWeights = 9;

/**
 * Arrays that a layer keeps of a token for the backward pass, in widths of the hidden state, those of the feed-forward
 * layer apart; with what the backward pass adds.
 */
const keptStates = 12;

/** Embeddings that are judged lie in memory as they are, as they were, and divided by their lengths. */
const copiesOfEmbeddings = 3;

/** @param corpora the experiment's own first, then those of its downstream tasks */
export function expectationOf(config: EncoderConfig, settings: Settings, corpora: readonly Corpus[]): Expectation {
  const { hiddenSize, intermediateSize, layers, heads } = config;
  const { maxLength, sampler, training } = settings;
  const tokens = tokensPerText(corpora[0], maxLength);
  const perToken = 2 * layers * (4 * hiddenSize ** 2 + 2 * hiddenSize * intermediateSize + 2 * tokens * hiddenSize);
  const secondsPerText = (tokens * perToken) / nominalSpeed;

  const encoderBytes =
    float32 * [...tensorShapes(config).values()].reduce((sum, shape) => sum + elementCount(shape), 0);
  const embeddingBytes = float32 * hiddenSize;
  const keptPerToken = float32 * layers * (keptStates * hiddenSize + 2 * intermediateSize + heads * tokens);
  const texts = corpora.reduce((sum, { train, test }) => sum + train.texts.length + test.texts.length, 0);
  const batch = Math.ceil(sampler.batchSize / training.accumulate);
  return {
    rates: {
      secondsPerStep: passesOfAStep * sampler.batchSize * secondsPerText,
      textsPerSecond: 1 / secondsPerText,
    },
    encoderBytes,
    embeddingBytes,
    workerBytes:
      processBytes +
      copiesOfWeights * encoderBytes +
      batch * tokens * keptPerToken +
      copiesOfEmbeddings * texts * embeddingBytes +
      (training.freeze.layers > 0 ? frozenLayersBytes : 0),
  };
}

/** Means of each corpus by `maxLength`: a grid asks for them at each of its points. */
const meanTokens = new WeakMap<Corpus, Map<number, number>>();

/** Tokens of a text of middling length, by its characters: texts are tokenised later, in the workers. */
function tokensPerText(corpus: Corpus | undefined, maxLength: number): number {
  if (!corpus) return 1;
  const known = meanTokens.get(corpus) ?? new Map<number, number>();
  meanTokens.set(corpus, known);
  const mean = known.get(maxLength) ?? measureTokens(corpus, maxLength);
  known.set(maxLength, mean);
  return mean;
}

function measureTokens({ contextual, train }: Corpus, maxLength: number): number {
  const lengths = train.texts.map((text, i) => {
    const characters = text.length + (contextual ? (train.contexts?.[i]?.length ?? 0) : 0);
    return Math.min(maxLength, 2 + characters / charactersPerToken);
  });
  return Math.max(1, lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length));
}

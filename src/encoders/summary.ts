import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { tensorShapes } from './architecture.ts';
import { sizeOf } from './hubCache.ts';
import { declaredPooling, describeEncoder } from './huggingFaceFolder.ts';
import type { Pooling } from './pooling.ts';
import { elementCount } from './safetensors.ts';

/** What a person wants to know of an encoder before using it. */
export interface EncoderSummary {
  readonly folder: string;
  readonly architecture: string;
  readonly layers: number;
  readonly heads: number;
  /** Width of the hidden states, and so of embeddings. */
  readonly width: number;
  /** Numbers that are trained, without pooler or head. */
  readonly parameters: number;
  /** Tokens in the vocabulary of the tokeniser. */
  readonly vocabulary: number;
  /** The longest text in tokens. */
  readonly maxLength: number;
  /** Of the weights on disk. */
  readonly bytes: number;
  /** Types of these parameters on disk, e.g. F32. */
  readonly types: readonly string[];
  /** What sentence-transformers uses for it; null if its folder does not say. */
  readonly pooling: Pooling | null;
}

/** @throws UserError as {@link describeEncoder} does */
export async function summariseEncoder(folder: string): Promise<EncoderSummary> {
  const { config, tokeniser, entries, weightsFiles, prefix } = await describeEncoder(folder);
  const sizes = await Promise.all(weightsFiles.map(sizeOf));
  const shapes = tensorShapes(config);
  return {
    folder,
    architecture: config.modelType,
    layers: config.layers,
    heads: config.heads,
    width: config.hiddenSize,
    parameters: [...shapes.values()].reduce((sum, shape) => sum + elementCount(shape), 0),
    vocabulary: tokeniser.vocabularySize,
    maxLength: config.maxLength,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    types: [...new Set([...shapes.keys()].flatMap((name) => entries.get(prefix + name)?.dtype ?? []))].sort(),
    pooling: (await declaredPooling(folder)) ?? null,
  };
}

/** The SHA-256 of each file with weights, by its name. */
export async function weightDigests(folder: string): Promise<Record<string, string>> {
  const { weightsFiles } = await describeEncoder(folder);
  const digests: Record<string, string> = {};
  for (const file of weightsFiles) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash, { end: false });
    digests[basename(file)] = hash.digest('hex');
  }
  return digests;
}

import { basename } from 'node:path';
import { embedTexts } from '../encoders/embed.ts';
import { declaredPooling, encoderHash, loadEncoder } from '../encoders/huggingFaceFolder.ts';
import type { Pooling } from '../encoders/pooling.ts';
import { type EncoderPlaces, miniFolder, resolveEncoder } from '../encoders/resolveEncoder.ts';
import { startEngine } from '../engine/engine.ts';
import { type Matrix, normaliseRows } from '../evaluation/matrix.ts';

/** Tokens at which texts are cut: more than an utterance has. */
const maxLength = 128;

/** How similar texts are, for the whole of a synthesis. */
export interface Embedder {
  /** For the data card: which encoder, by its name and its content. */
  readonly identity: { readonly name: string; readonly hash: string; readonly pooling: Pooling };
  /** [texts, hiddenSize], rows of length 1, so that their dot products are cosines. */
  embed(texts: readonly string[]): Promise<Matrix>;
}

/**
 * Loads an encoder of {@link resolveEncoder}'s names in float32, with the pooling that its folder declares, by default
 * the mean.
 */
export async function loadEmbedder(name: string, places: EncoderPlaces): Promise<Embedder> {
  const folder = await resolveEncoder(name, places);
  await startEngine({ engine: 'auto', precision: 'float32', threads: 0 });
  const encoder = await loadEncoder(folder, name);
  const pooling = (await declaredPooling(folder)) ?? 'mean';
  const limit = Math.min(maxLength, encoder.config.maxLength);
  return {
    identity: { name: folder === miniFolder ? 'mini' : basename(name), hash: await encoderHash(folder), pooling },
    embed: async (texts) =>
      normaliseRows(await embedTexts(encoder, encoder.tokeniser.encode(texts, limit), { pooling })),
  };
}

import * as tf from '@tensorflow/tfjs-core';
import { rowsOfBatch, type TokenBatch } from '../text/batch.ts';
import { tokensKey } from '../text/tokenSequences.ts';

/** Memory that kept states may take. */
export const frozenLayersBytes = 512 * 2 ** 20;

/**
 * The hidden states of texts after an encoder's lowest layers, kept from pass to pass while these layers are frozen:
 * validations, evaluation and epochs without dropout then compute only the layers above. What does not fit into memory
 * is computed each time.
 */
export class FrozenLayers {
  /** How many of the lowest layers; the embeddings below them are frozen with them. */
  readonly count: number;
  readonly #states = new Map<string, Float32Array>();
  #room: number;

  constructor(count: number, bytes: number = frozenLayersBytes) {
    this.count = count;
    this.#room = bytes;
  }

  /**
   * The states of a batch's tokens, [tokens, width].
   *
   * @param compute gives those of texts that are not kept, also [tokens, width]
   */
  states(batch: TokenBatch, compute: (missing: TokenBatch) => tf.Tensor2D): tf.Tensor2D {
    const texts = Array.from({ length: batch.size }, (_, row) => rowsOfBatch(batch, [row]));
    const keys = texts.map(({ ids, typeIds }) => tokensKey(ids, typeIds));
    const found = keys.map((key) => this.#states.get(key));
    const missing = found.flatMap((states, row) => (states ? [] : [row]));
    if (missing.length > 0) {
      const computed = compute(rowsOfBatch(batch, missing));
      const values = computed.dataSync() as Float32Array;
      const width = values.length / computed.shape[0];
      let from = 0;
      for (const row of missing) {
        const to = from + (texts[row] as TokenBatch).tokens * width;
        const states = values.slice(from, to);
        found[row] = states;
        this.#keep(keys[row] as string, states);
        from = to;
      }
    }
    const all = new Float32Array(found.reduce((sum, states) => sum + (states?.length ?? 0), 0));
    let offset = 0;
    for (const states of found as Float32Array[]) {
      all.set(states, offset);
      offset += states.length;
    }
    return tf.tensor2d(all, [batch.tokens, all.length / batch.tokens]);
  }

  #keep(key: string, states: Float32Array): void {
    if (this.#room < states.byteLength || this.#states.has(key)) return;
    this.#states.set(key, states);
    this.#room -= states.byteLength;
  }
}

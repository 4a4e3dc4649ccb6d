import * as tf from '@tensorflow/tfjs-core';
import { expect, it, onTestFinished } from 'vitest';
import { FrozenLayers } from '../../src/encoders/frozenLayers.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { collate, type TokenBatch } from '../../src/text/batch.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import sentences from '../text/golden/sentences.json' with { type: 'json' };
import { sequencesOf } from '../text/tokenSequences.ts';
import { goldenFolder, largestDifference, tinyEncoders } from './goldens.ts';

onEachEngine('frozen layers', () => {
  it.each(tinyEncoders)('leave the embeddings of %s as they are', async (name) => {
    const encoder = await loadEncoder(goldenFolder + name, name);
    onTestFinished(() => encoder.dispose());
    const texts = encoder.tokeniser.encode(sentences, encoder.config.maxLength);
    const embed = (indices: readonly number[], pooling: 'cls' | 'mean') => {
      const vectors = encoder.embed(collate(texts, indices, encoder.tokeniser.padId), pooling);
      const values = vectors.dataSync();
      vectors.dispose();
      return values;
    };
    // The later batches know some, none and all of their texts.
    const batches = [
      [0, 1, 2],
      [2, 5, 0, 5],
      [7, 8],
      [8, 1, 5],
    ];
    for (const pooling of ['cls', 'mean'] as const) {
      encoder.freezeLayers(0);
      const expected = batches.map((batch) => embed(batch, pooling));
      for (const layers of [1, encoder.config.layers]) {
        encoder.freezeLayers(layers);
        for (const [i, batch] of batches.entries()) {
          expect(largestDifference(embed(batch, pooling), expected[i] as Float32Array)).toBeLessThan(1e-5);
        }
      }
    }
  });

  it('are computed once for each text', () => {
    const texts = sequencesOf([3, 1, 4]);
    const frozen = new FrozenLayers(1);
    const { states, asked } = recorded(frozen);
    expect(states(collate(texts, [0, 2], 0))).toEqual([1, 2, 3, 5, 6, 7, 8]);
    expect(states(collate(texts, [1, 2, 0], 0))).toEqual([4, 5, 6, 7, 8, 1, 2, 3]);
    expect(states(collate(texts, [2], 0))).toEqual([5, 6, 7, 8]);
    expect(asked).toEqual([[1, 2, 3, 5, 6, 7, 8], [4]]);
  });

  it('are computed again where they did not fit into memory', () => {
    const texts = sequencesOf([3, 1, 4]);
    // Two numbers of 4 bytes a token.
    const frozen = new FrozenLayers(1, 3 * 8);
    const { states, asked } = recorded(frozen);
    for (let round = 0; round < 2; round++)
      expect(states(collate(texts, [0, 1, 2], 0))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(asked).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [4, 5, 6, 7, 8],
    ]);
  });

  it('leave no tensor behind', async () => {
    const encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
    onTestFinished(() => encoder.dispose());
    const texts = encoder.tokeniser.encode(sentences, 16);
    encoder.freezeLayers(1);
    expect(leakedTensors(() => encoder.embed(collate(texts, [0, 1], 0), 'mean').dispose())).toBe(0);
    expect(leakedTensors(() => encoder.embed(collate(texts, [1, 2], 0), 'mean').dispose())).toBe(0);
  });
});

/** States that are the tokens' ids, twice; records which ids had to be computed. */
function recorded(frozen: FrozenLayers) {
  const asked: number[][] = [];
  const compute = (batch: TokenBatch) => {
    const ids = [...batch.ids].filter((_, i) => batch.mask[i]);
    asked.push(ids);
    return tf.tensor2d(ids.map((id) => [id, id]));
  };
  const states = (batch: TokenBatch) =>
    tf.tidy(() => Array.from(frozen.states(batch, compute).dataSync()).filter((_, i) => i % 2 === 0));
  return { states, asked };
}

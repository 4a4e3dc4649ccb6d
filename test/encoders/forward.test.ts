import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { places } from '../../src/cli/environment.ts';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { cachedSnapshot } from '../../src/encoders/hubCache.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import type { TokenBatch } from '../../src/text/batch.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import { goldenFolder, largestDifference, type Reference, readReference, tinyEncoders } from './goldens.ts';

const miniLm = await cachedSnapshot(places(process.env).encoders.hubCache, 'sentence-transformers/all-MiniLM-L6-v2');

onEachEngine('forward pass, against transformers', () => {
  describe.each(tinyEncoders)('%s', (name) => {
    let encoder: Encoder;
    let reference: Reference;
    beforeAll(async () => {
      encoder = await loadEncoder(goldenFolder + name, name);
      reference = await readReference(name);
    });
    afterAll(() => encoder.dispose());

    it('gives the same hidden states', async () => {
      const hidden = encoder.hiddenStates(reference.batch);
      const difference = largestDifference(await hidden.data(), reference.hidden, reference.batch.mask);
      hidden.dispose();
      expect(difference).toBeLessThan(1e-5);
    });

    it('gives the same gradients of all tensors', async () => {
      const { value, grads } = tf.variableGrads(() => {
        const hidden = encoder.hiddenStates(reference.batch);
        return tf.sum(tf.mul(hidden, tf.tensor(reference.weighting, hidden.shape))) as tf.Scalar;
      }, [...encoder.variables.values()]);
      expect(new Set(reference.gradients.keys())).toEqual(new Set(encoder.variables.keys()));
      const differences: Record<string, number> = {};
      for (const [tensor, expected] of reference.gradients) {
        const gradient = grads[encoder.variables.get(tensor)?.name ?? ''];
        const scale = expected.reduce((largest, element) => Math.max(largest, Math.abs(element)), 1);
        differences[tensor] = largestDifference((await gradient?.data()) ?? [], expected) / scale;
      }
      tf.dispose([value, grads]);
      expect(Object.entries(differences).filter(([, difference]) => !(difference < 1e-5))).toEqual([]);
    });

    it('leaves no tensor behind', () => {
      expect(leakedTensors(() => encoder.hiddenStates(reference.batch).dispose())).toBe(0);
    });

    it('refuses texts for which it has no positions', () => {
      const { length } = reference.batch;
      const longer = pad(reference.batch, encoder.config.maxLength - length + 1, encoder.tokeniser.padId);
      expect(() => encoder.hiddenStates(longer)).toThrow('ENCODER_TEXT_TOO_LONG');
      const longest = pad(reference.batch, encoder.config.maxLength - length, encoder.tokeniser.padId);
      expect(() => encoder.hiddenStates(longest).dispose()).not.toThrow();
    });

    it('refuses a text without tokens', () => {
      const mask = Float32Array.from(reference.batch.mask, (real, i) => (i < reference.batch.length ? 0 : real));
      expect(() => encoder.embed({ ...reference.batch, mask }, 'cls')).toThrow('ENCODER_TEXT_EMPTY');
    });

    it('is not affected by padding', async () => {
      const padded = pad(reference.batch, 5, encoder.tokeniser.padId);
      const hidden = encoder.hiddenStates(padded);
      const kept = tf.slice3d(hidden, [0, 0, 0], [-1, reference.batch.length, -1]);
      const difference = largestDifference(await kept.data(), reference.hidden, reference.batch.mask);
      tf.dispose([hidden, kept]);
      expect(difference).toBeLessThan(1e-5);
    });
  });

  it.skipIf(miniLm === undefined)('gives the hidden states of all-MiniLM-L6-v2 for real text', async () => {
    const encoder = await loadEncoder(miniLm as string, 'all-MiniLM-L6-v2');
    const reference = await readReference('all-MiniLM-L6-v2');
    const hidden = encoder.hiddenStates(reference.batch);
    const difference = largestDifference(await hidden.data(), reference.hidden, reference.batch.mask);
    hidden.dispose();
    encoder.dispose();
    expect(difference).toBeLessThan(1e-4);
  });
});

function pad(batch: TokenBatch, by: number, padId: number): TokenBatch {
  const length = batch.length + by;
  const widen = <T extends Int32Array | Float32Array>(values: T, to: T): T => {
    for (let row = 0; row < batch.size; row++) {
      to.set(values.subarray(row * batch.length, (row + 1) * batch.length), row * length);
    }
    return to;
  };
  const positions = batch.size * length;
  return {
    ...batch,
    length,
    ids: widen(batch.ids, new Int32Array(positions).fill(padId)),
    typeIds: widen(batch.typeIds, new Int32Array(positions)),
    mask: widen(batch.mask, new Float32Array(positions)),
  };
}

import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packingOf } from '../../src/encoders/packing.ts';
import { collate } from '../../src/text/batch.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';

const width = 3;

/** A batch of texts of these lengths; ids mean nothing here. */
function batchOf(lengths: readonly number[]) {
  const offsets = Int32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b, 0))]);
  const total = offsets.at(-1) ?? 0;
  const texts = { ids: new Int32Array(total), typeIds: new Int32Array(total), offsets, size: lengths.length };
  return collate(texts, [...lengths.keys()], 0);
}

const values = (rows: number) => Array.from({ length: rows * width }, (_, i) => Math.sin(i + 1));

onEachEngine('packing', () => {
  it('keeps the real tokens in their order and drops the padding', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }), (lengths) => {
        const batch = batchOf(lengths);
        const real = [...batch.mask.entries()].flatMap(([place, mask]) => (mask ? [place] : []));
        tf.tidy(() => {
          const packing = packingOf(batch);
          expect([...packing.places]).toEqual(real);
          const packed = tf.tensor2d(values(batch.tokens), [batch.tokens, width]);
          expect([...packing.pack(packing.pad(packed)).dataSync()]).toEqual([...packed.dataSync()]);
          expect(packing.pad(packed).shape).toEqual([batch.size * batch.length, width]);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('has gradients that leave padding out, each operation being the adjoint of the other', () => {
    const batch = batchOf([2, 4, 1]);
    const padded = batch.size * batch.length;
    tf.tidy(() => {
      const packing = packingOf(batch);
      const mask = tf.tensor2d(batch.mask, [padded, 1]);
      const x = tf.tensor2d(values(batch.tokens), [batch.tokens, width]);
      const y = tf.tensor2d(values(padded), [padded, width]);
      const ofPad = tf.grad((packed) => tf.sum(tf.mul(tf.mul(packing.pad(packed as tf.Tensor2D), mask), y)))(x);
      expect([...ofPad.dataSync()]).toEqual([...packing.pack(y).dataSync()]);
      const ofPack = tf.grad((full) => tf.sum(tf.mul(packing.pack(full as tf.Tensor2D), x)))(y);
      // + 0 makes −0 plain.
      const plain = (tensor: tf.Tensor) => [...tensor.dataSync()].map((v) => v + 0);
      expect(plain(ofPack)).toEqual(plain(tf.mul(packing.pad(x), mask)));
    });
  });

  it('takes the first token of each text, and the mean over its tokens', () => {
    tf.tidy(() => {
      const packing = packingOf(batchOf([2, 3, 1]));
      const packed = tf.tensor2d([1, 2, 3, 4, -1, 0, 1, 8, 9, 10, 5, 6], [6, 2]);
      expect(packing.first(packed).arraySync()).toEqual([
        [1, 2],
        [-1, 0],
        [5, 6],
      ]);
      const mean = packing.mean(packed).arraySync().flat();
      [2, 3, 3, 6, 5, 6].forEach((expected, i) => {
        expect(mean[i]).toBeCloseTo(expected, 5);
      });
    });
  });

  it('leaves no tensors behind in a tidy', () => {
    const batch = batchOf([3, 1]);
    expect(leakedTensors(() => tf.tidy(() => void packingOf(batch).pad(tf.ones([4, width]))))).toBe(0);
  });
});

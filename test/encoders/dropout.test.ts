import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDropout, createHeadDropout, type Dropout, drop } from '../../src/encoders/dropout.ts';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import { goldenFolder, type Reference, readReference } from './goldens.ts';

const config = { dropout: { hidden: 0.3, attention: 0.1 } };

onEachEngine('dropout', () => {
  const ones = (kind: 'hidden' | 'attention', ...[seed, step, rates, rate]: Parameters<typeof createDropout>) => {
    const y = drop(tf.ones([100, 200]), masks(seed, step, rates, rate)[kind]());
    const values = y.dataSync();
    y.dispose();
    return values;
  };
  const masks = (...given: Parameters<typeof createDropout>) => createDropout(...given) as Dropout;
  const shareOfZeros = (values: ArrayLike<number>) => Array.from(values).filter((v) => v === 0).length / values.length;

  it('zeroes the share that the encoder says and scales the rest', () => {
    for (const kind of ['hidden', 'attention'] as const) {
      const rate = config.dropout[kind];
      const values = ones(kind, 1, 0, config);
      // Five standard deviations of 20,000 draws.
      expect(Math.abs(shareOfZeros(values) - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / 20_000));
      for (const value of new Set(values)) expect([0, Math.fround(1 / (1 - rate))]).toContain(value);
    }
  });

  it('can be given one rate for both kinds', () => {
    for (const kind of ['hidden', 'attention'] as const) {
      expect(Math.abs(shareOfZeros(ones(kind, 1, 0, config, 0.5)) - 0.5)).toBeLessThan(0.02);
    }
  });

  it('is none where both rates are 0', () => {
    expect(createDropout(1, 0, config, 0)).toBeUndefined();
    expect(createDropout(1, 0, { dropout: { hidden: 0, attention: 0 } })).toBeUndefined();
    expect(createDropout(1, 0, { dropout: { hidden: 0, attention: 0.1 } })).toBeDefined();
  });

  it('repeats itself for the same seed and step, and for no other', () => {
    const first = ones('hidden', 1, 5, config);
    expect(ones('hidden', 1, 5, config)).toEqual(first);
    expect(ones('hidden', 1, 6, config)).not.toEqual(first);
    expect(ones('hidden', 2, 5, config)).not.toEqual(first);
  });

  it('draws another mask each time', () => {
    const dropout = masks(1, 0, config);
    const [a, b] = tf.tidy(() => [
      drop(tf.ones([50, 50]), dropout.hidden()),
      drop(tf.ones([50, 50]), dropout.hidden()),
    ]);
    expect(a?.dataSync()).not.toEqual(b?.dataSync());
    tf.dispose([a, b]);
  });

  it('passes gradients where it kept the value', () => {
    const [y, gradient] = tf.tidy(() => {
      const x = tf.ones([30, 30]);
      const dropped = (input: tf.Tensor) => drop(input, masks(4, 2, config).hidden());
      return [dropped(x), tf.grad((input) => tf.sum(dropped(input)))(x)];
    });
    expect(gradient?.dataSync()).toEqual(y?.dataSync());
    tf.dispose([y, gradient]);
  });
});

onEachEngine('dropout of a head', () => {
  const config = { dropout: { hidden: 0.3, attention: 0.3, classifier: 0.4 } };
  const shape = [100, 200];
  const mask = (own: { seed: number; counter: number; rate: number }) => {
    const y = drop(tf.ones(shape), own);
    const values = y.dataSync();
    y.dispose();
    return values;
  };

  it('has masks of its own, also beside the encoder in the same and the next step', () => {
    const encoder = (step: number) => {
      const dropout = createDropout(1, step, config) as Dropout;
      return Array.from({ length: 30 }, () => dropout.hidden());
    };
    const head = createHeadDropout(1, 5, config, 0.3);
    const keys = [...encoder(5), ...encoder(6), head(), head()].map(({ seed, counter }) => `${seed} ${counter}`);
    expect(new Set(keys).size).toBe(62);
    expect(head).toThrow('more than 2 dropout masks of a head');
  });

  it('zeroes the share that the encoder says, or another', () => {
    for (const rate of [0.4, 0.1]) {
      const values = mask(createHeadDropout(1, 0, config, ...(rate === 0.4 ? [] : [rate]))());
      const share = values.filter((v) => v === 0).length / values.length;
      expect(Math.abs(share - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / values.length));
    }
  });
});

onEachEngine('an encoder with dropout', () => {
  let encoder: Encoder;
  let reference: Reference;
  beforeAll(async () => {
    encoder = await loadEncoder(`${goldenFolder}bert`, 'bert');
    reference = await readReference('bert');
  });
  afterAll(() => encoder.dispose());

  const hidden = (...key: [seed: number, step: number, rate?: number]) => {
    const states = encoder.hiddenStates(reference.batch, {
      dropout: createDropout(key[0], key[1], encoder.config, key[2]),
    });
    const values = states.dataSync();
    states.dispose();
    return values;
  };

  it('repeats itself for the same seed and step, and for no other', () => {
    expect(hidden(1, 1)).toEqual(hidden(1, 1));
    expect(hidden(1, 1)).not.toEqual(hidden(1, 2));
    expect(hidden(1, 1)).not.toEqual(hidden(2, 1));
  });

  it('is the encoder without dropout at rate 0', () => {
    const states = encoder.hiddenStates(reference.batch);
    expect(hidden(1, 1, 0)).toEqual(states.dataSync());
    states.dispose();
  });

  it('leaves no tensor behind', () => {
    expect(leakedTensors(() => hidden(1, 1))).toBe(0);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Encoder } from '../../src/encoders/encoder.ts';
import { loadEncoder } from '../../src/encoders/huggingFaceFolder.ts';
import { type AdaptedEncoder, loraSchema, withLora } from '../../src/encoders/lora.ts';
import { stream } from '../../src/random.ts';
import { trainableVariables } from '../../src/training/freezing.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';
import { goldenFolder, type Reference, readReference, tinyEncoders } from './goldens.ts';

type Options = Parameters<typeof loraSchema.parse>[0];

/** As after some training: B is not zero any more. */
function disturb({ adapters }: AdaptedEncoder): void {
  const random = stream(3, 'disturb');
  for (const { b } of adapters.values()) {
    tf.tidy(() =>
      b.assign(
        tf.tensor2d(
          Float32Array.from({ length: b.size }, () => 0.3 * random.normal()),
          b.shape,
        ),
      ),
    );
  }
}

/** Σ weighting · hidden states, a loss that each of them has a part in. */
function lossOf(encoder: Encoder, { batch, weighting }: Reference): tf.Scalar {
  return tf.sum(
    tf.mul(encoder.hiddenStates(batch), tf.tensor(weighting, [batch.size, batch.length, encoder.config.hiddenSize])),
  );
}

function gradientsOf(f: () => tf.Scalar, variables: ReadonlyMap<string, tf.Variable>): Map<string, tf.Tensor2D> {
  const { grads } = tf.variableGrads(f, [...variables.values()]);
  return new Map([...variables].map(([name, variable]) => [name, grads[variable.name] as tf.Tensor2D]));
}

function difference(actual: tf.Tensor, expected: tf.Tensor): number {
  return tf.tidy(() => {
    const scale = Math.max(1, tf.max(tf.abs(expected)).dataSync()[0] as number);
    return (tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0] as number) / scale;
  });
}

const everything = ['query', 'key', 'value', 'attentionOutput', 'intermediate', 'output'];

onEachEngine('LoRA', () => {
  describe.each(tinyEncoders)('on %s', (name) => {
    let encoder: Encoder;
    let reference: Reference;
    const made: AdaptedEncoder[] = [];
    const adapt = (options: Options = {}, seed = 1) => {
      const adapted = withLora(encoder, loraSchema.parse(options), seed);
      made.push(adapted);
      return adapted;
    };
    beforeEach(async () => {
      encoder = await loadEncoder(`${goldenFolder}${name}`, name);
      reference = await readReference(name);
    });
    afterEach(() => {
      for (const adapted of made.splice(0)) adapted.dispose();
      encoder.dispose();
    });

    it('changes nothing before the first step', () => {
      const before = encoder.hiddenStates(reference.batch).dataSync();
      expect(adapt().hiddenStates(reference.batch).dataSync()).toEqual(before);
    });

    it.each([
      { rank: 1, alpha: 1 },
      { rank: 4, alpha: 16, targets: everything },
      { rank: 8, alpha: 2, targets: ['output'] },
    ])('has the gradients of the dense form by the chain rule: %j', (options) => {
      const adapted = adapt(options);
      disturb(adapted);
      const ofAdapters = gradientsOf(() => lossOf(adapted, reference), adapted.variables);
      // The dense form: the same weights W + α/r · BA, and the gradient by them.
      const dense = adapt(options);
      disturb(dense);
      dense.merge();
      const ofWeights = gradientsOf(() => lossOf(encoder, reference), encoder.variables);
      const scale = options.alpha / options.rank;
      for (const [weight, { a, b }] of adapted.adapters) {
        const gradient = ofWeights.get(weight) as tf.Tensor2D;
        const module = weight.replace(/\.weight$/, '');
        const byA = tf.mul(tf.matMul(b, gradient, true), scale);
        const byB = tf.mul(tf.matMul(gradient, a, false, true), scale);
        expect(difference(ofAdapters.get(`${module}.lora_A.weight`) as tf.Tensor, byA)).toBeLessThan(2e-4);
        expect(difference(ofAdapters.get(`${module}.lora_B.weight`) as tf.Tensor, byB)).toBeLessThan(2e-4);
      }
      expect(adapted.adapters.size).toBe((options.targets?.length ?? 2) * encoder.config.layers);
    });

    it('computes the same once the adapters are merged, which are zero then', () => {
      const adapted = adapt({ targets: everything });
      disturb(adapted);
      const before = adapted.hiddenStates(reference.batch);
      const untouched = encoder.hiddenStates(reference.batch);
      expect(difference(before, untouched)).toBeGreaterThan(0.01);
      adapted.merge();
      expect(difference(encoder.hiddenStates(reference.batch), before)).toBeLessThan(1e-4);
      expect(difference(adapted.hiddenStates(reference.batch), before)).toBeLessThan(1e-4);
    });

    it('trains adapters alone, of the layers that are not frozen', () => {
      const adapted = adapt();
      const names = [...adapted.variables.keys()];
      expect(names).toHaveLength(2 * 2 * encoder.config.layers);
      expect(names.every((own) => /\.lora_[AB]\.weight$/.test(own))).toBe(true);
      const left = [...trainableVariables(adapted, { wordEmbeddings: false, layers: 1 }).keys()];
      expect(left).toHaveLength(2 * 2 * (encoder.config.layers - 1));
      expect(left.some((own) => /layer\.0\./.test(own))).toBe(false);
    });

    it('starts from its seed alone, A uniform on ±1/√inputs and B zero', () => {
      const start = (seed: number) =>
        [...adapt({ rank: 16 }, seed).adapters.values()].map(({ a, b }) => [a, b] as const);
      const first = start(1);
      const values = (all: typeof first) => all.map(([a]) => [...a.dataSync()]);
      expect(values(start(1))).toEqual(values(first));
      expect(values(start(2))).not.toEqual(values(first));
      for (const [a, b] of first) {
        const bound = 1 / Math.sqrt(a.shape[1]);
        const largest = Math.max(...a.dataSync().map(Math.abs));
        expect(largest).toBeLessThanOrEqual(bound);
        expect(largest).toBeGreaterThan(0.9 * bound);
        expect(b.dataSync().every((value) => value === 0)).toBe(true);
      }
      // No two modules start alike.
      expect(new Set(values(first).map((own) => own.join())).size).toBe(first.length);
    });

    it('keeps no tensor', () => {
      const use = () => {
        const adapted = withLora(encoder, loraSchema.parse({}), 1);
        adapted.embed(reference.batch, 'cls').dispose();
        adapted.merge();
        adapted.dispose();
      };
      use();
      expect(leakedTensors(use)).toBe(0);
    });
  });
});

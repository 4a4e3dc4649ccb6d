import * as tf from '@tensorflow/tfjs-core';
import type { Blocks, Parameters } from '../../src/encoders/blocks.ts';
import type { DropoutMask } from '../../src/encoders/dropout.ts';
import { packingOf } from '../../src/encoders/packing.ts';
import { stream } from '../../src/random.ts';
import type { TokenBatch } from '../../src/text/batch.ts';

/** The shapes of one encoder layer and of a batch. */
export interface BlockCase {
  readonly lengths: readonly number[];
  readonly heads: number;
  readonly headWidth: number;
  readonly inner: number;
  readonly firstOnly: boolean;
  readonly tables: 2 | 3;
  /** Dropout rate. */
  readonly rate: number;
}

const vocabulary = 11;

/**
 * Results and gradients of one chain embeddings → attention → feed-forward, by the names of its tensors.
 *
 * @param firstId the first token's row in all tables
 */
export function runBlocks(blocks: Blocks, given: BlockCase, firstId = 0): Record<string, Float32Array> {
  const { lengths, heads, headWidth, inner, firstOnly, rate } = given;
  const width = heads * headWidth;
  const random = stream(7, 'blocks');
  const normal = (shape: number[], scale = 0.3) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
      shape,
    );
  const masks = Array.from({ length: 4 }, (_, i): DropoutMask => ({ seed: 5, counter: i, rate }));
  return tf.tidy(() => {
    const tensors: Record<string, tf.Tensor> = {};
    const parameters = (name: string, out: number, into?: number): Parameters => {
      tensors[`${name}.weight`] = into === undefined ? tf.add(normal([out]), 1) : normal([out, into], into ** -0.5);
      tensors[`${name}.bias`] = normal([out]);
      return { weight: tensors[`${name}.weight`] as tf.Tensor, bias: tensors[`${name}.bias`] as tf.Tensor };
    };
    for (let table = 0; table < given.tables; table++) tensors[`table.${table}`] = normal([vocabulary, width], 1);
    const [embeddingNorm, query, key, value, output, attentionNorm, first, second, lastNorm] = [
      parameters('embeddingNorm', width),
      ...['query', 'key', 'value', 'output'].map((name) => parameters(name, width, width)),
      parameters('attentionNorm', width),
      parameters('inner', inner, width),
      parameters('outer', width, inner),
      parameters('lastNorm', width),
    ] as [Parameters, Parameters, Parameters, Parameters, Parameters, Parameters, Parameters, Parameters, Parameters];
    const batch = batchOf(lengths);
    const rows = firstOnly ? batch.size : batch.tokens;
    const weighting = normal([rows, width], 1);
    const epsilon = 1e-12;
    const forward = () => {
      const packing = packingOf(batch);
      const x = blocks.embeddings({
        tables: Array.from({ length: given.tables }, (_, table) => tensors[`table.${table}`] as tf.Tensor2D),
        ids: Array.from({ length: given.tables }, (_, table) =>
          Int32Array.from({ length: batch.tokens }, (_, i) => (i === 0 ? firstId : (i * 3 + table) % vocabulary)),
        ),
        norm: embeddingNorm,
        epsilon,
        mask: masks[0] as DropoutMask,
      });
      const attended = blocks.attention({
        x,
        query,
        key,
        value,
        output,
        norm: attentionNorm,
        heads,
        packing,
        firstOnly,
        epsilon,
        probabilityMask: masks[1] as DropoutMask,
        outputMask: masks[2] as DropoutMask,
      });
      return blocks.feedForward({
        x: attended,
        inner: first,
        outer: second,
        norm: lastNorm,
        epsilon,
        mask: masks[3] as DropoutMask,
      });
    };
    const names = Object.keys(tensors);
    let recorded = new Float32Array();
    const gradients = tf.grads((...inputs: tf.Tensor[]) => {
      names.forEach((name, i) => {
        (tensors[name] as tf.Tensor) = inputs[i] as tf.Tensor;
      });
      const value = forward();
      recorded = value.dataSync() as Float32Array<ArrayBuffer>;
      return tf.sum(tf.mul(value, weighting));
    })(names.map((name) => tensors[name] as tf.Tensor));
    return {
      // Passes whose gradient nobody asks for may take another way.
      value: forward().dataSync() as Float32Array,
      recorded,
      ...Object.fromEntries(names.map((name, i) => [name, gradients[i]?.dataSync() as Float32Array])),
    };
  });
}

function batchOf(lengths: readonly number[]): TokenBatch {
  const size = lengths.length;
  const length = Math.max(...lengths);
  const mask = Float32Array.from({ length: size * length }, (_, i) =>
    i % length < (lengths[Math.floor(i / length)] as number) ? 1 : 0,
  );
  const tokens = lengths.reduce((sum, one) => sum + one, 0);
  return { ids: new Int32Array(mask.length), typeIds: new Int32Array(mask.length), mask, size, length, tokens };
}

/**
 * The results that differ by more than 1e-5 of the tensor's largest element, or of 1. The gradient of the keys' bias is
 * 0, mathematically, since softmax does not change by a shift: what is left of it are rounding errors of large terms.
 */
export function tooDifferent(
  actual: Record<string, Float32Array>,
  expected: Record<string, Float32Array>,
): [name: string, difference: number][] {
  return Object.entries(differences(actual, expected)).filter(
    ([name, difference]) => !(difference < (name === 'key.bias' ? 1e-4 : 1e-5)),
  );
}

function differences(
  actual: Record<string, Float32Array>,
  expected: Record<string, Float32Array>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(expected).map(([name, values]) => {
      const scale = values.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1);
      const worst = values.reduce(
        (largest, x, i) => Math.max(largest, Math.abs((actual[name]?.[i] ?? Number.NaN) - x)),
        0,
      );
      return [name, worst / scale];
    }),
  );
}

/** Shapes around the edges of the kernels' loops: one token, head widths that fill no register, long and short rows. */
export const blockCases: readonly BlockCase[] = [
  { lengths: [3, 1, 5], heads: 2, headWidth: 4, inner: 12, firstOnly: false, tables: 3, rate: 0 },
  { lengths: [3, 1, 5], heads: 2, headWidth: 4, inner: 12, firstOnly: true, tables: 2, rate: 0 },
  { lengths: [17, 2, 33, 16], heads: 3, headWidth: 32, inner: 96, firstOnly: false, tables: 3, rate: 0.1 },
  { lengths: [17, 2, 33, 16], heads: 3, headWidth: 32, inner: 96, firstOnly: true, tables: 3, rate: 0.1 },
  { lengths: [1], heads: 1, headWidth: 64, inner: 70, firstOnly: false, tables: 2, rate: 0.3 },
  { lengths: [1, 1, 1], heads: 2, headWidth: 20, inner: 33, firstOnly: true, tables: 3, rate: 0.3 },
  { lengths: [128, 5, 70], heads: 2, headWidth: 16, inner: 64, firstOnly: false, tables: 3, rate: 0.1 },
  {
    lengths: Array.from({ length: 40 }, (_, i) => (i % 9) + 1),
    heads: 4,
    headWidth: 8,
    inner: 40,
    firstOnly: false,
    tables: 3,
    rate: 0.1,
  },
];

/**
 * tf.matMul in the forms of a training step of the embedded encoder (d 128, 64 texts of about 20 tokens), on every
 * engine that works here, and on wasm as its package has it: see src/engine/wasm/batchMatMul.ts.
 */
import * as tf from '@tensorflow/tfjs-core';
import { bench, describe } from 'vitest';
import { availableEngines, useEngine } from '../engine/engines.ts';
import { startUnrepairedWasm } from '../engine/wasm/unrepaired.ts';

interface Form {
  readonly a: number[];
  readonly b: number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const forms: Record<string, Form> = {
  'dense layer': { a: [1280, 128], b: [512, 128], transposeA: false, transposeB: true },
  'gradient of its weight': { a: [1280, 512], b: [1280, 128], transposeA: true, transposeB: false },
  'attention scores': { a: [64, 4, 20, 32], b: [64, 4, 20, 32], transposeA: false, transposeB: true },
  'square 512': { a: [512, 512], b: [512, 512], transposeA: false, transposeB: false },
};

// The package's kernel cannot come back once it is repaired: it is measured by its own function.
await startUnrepairedWasm();
const packageKernel = tf.getKernel(tf.BatchMatMul, 'wasm').kernelFunc;
const contenders = [...availableEngines, 'wasm, unrepaired'] as const;

describe.each(Object.entries(forms))('%s', (_, { a, b, transposeA, transposeB }) => {
  for (const contender of contenders) {
    const [left, right] = [tf.util.sizeFromShape(a), tf.util.sizeFromShape(b)].map((n) =>
      Float32Array.from({ length: n }, (_, i) => Math.sin(i)),
    ) as [Float32Array, Float32Array];
    let inputs: { a: tf.Tensor; b: tf.Tensor };
    bench(
      contender,
      () => {
        if (contender === 'wasm, unrepaired') {
          const attrs = { transposeA, transposeB };
          const product = packageKernel({ inputs: { ...inputs }, attrs, backend: tf.backend() }) as tf.TensorInfo;
          tf.backend().disposeData(product.dataId);
        } else {
          tf.tidy(() => {
            tf.matMul(inputs.a, inputs.b, transposeA, transposeB).dataSync();
          });
        }
      },
      {
        setup: async () => {
          await useEngine(contender === 'wasm, unrepaired' ? 'wasm' : contender);
          inputs = { a: tf.tensor(left, a), b: tf.tensor(right, b) };
        },
        teardown: () => tf.dispose(inputs),
      },
    );
  }
});

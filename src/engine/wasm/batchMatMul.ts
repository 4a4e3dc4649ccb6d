import * as tf from '@tensorflow/tfjs-core';
import { registerWasmKernel, type WasmBackend, wasmKernel } from './backend.ts';

interface Inputs {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
}

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Products on wasm: transposed first, then multiplied plainly, one matrix of the batch after the other. The package's
 * kernel has its fast path (XNNPACK) only for one plain product; for a transposed or a batched one it falls back to
 * scalar loops, which take 10 to 50 times as long.
 */
export function repairBatchMatMul(): void {
  const original = wasmKernel<Inputs, Attributes>(tf.BatchMatMul);
  const transpose = wasmKernel<{ x: tf.TensorInfo }, { perm: number[] }>(tf.Transpose);

  registerWasmKernel<Inputs, Attributes>(tf.BatchMatMul, ({ inputs, attrs, backend }) => {
    const { a, b } = inputs;
    const batchSize = Math.max(batchOf(a), batchOf(b));
    if (batchSize === 1 && !attrs.transposeA && !attrs.transposeB) return original({ inputs, attrs, backend });

    const transposed = (x: tf.TensorInfo) => transpose({ inputs: { x }, attrs: { perm: lastTwoSwapped(x) }, backend });
    const left = attrs.transposeA ? transposed(a) : a;
    const right = attrs.transposeB ? transposed(b) : b;
    const out = plainProducts(left, right, backend);
    if (left !== a) backend.disposeData(left.dataId);
    if (right !== b) backend.disposeData(right.dataId);
    return out;
  });
}

/** [..., m, k] × [..., k, n] → [..., m, n] */
function plainProducts(a: tf.TensorInfo, b: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1) as number;
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const out = backend.makeOutput([...outer, m, n], 'float32');
  const [aMemory, bMemory, outMemory] = [a, b, out].map((x) => backend.dataIdMap.get(x.dataId).memoryOffset);
  const multiply = plainProduct(backend, m, k, n);
  return out;
}

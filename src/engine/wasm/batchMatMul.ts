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
 * kernel has its fast path (XNNPACK) only for a single plain product; a transposed or a batched one goes through scalar
 * loops, which take 5 to 30 times as long.
 */
export function repairBatchMatMul(backend: WasmBackend): void {
  const original = wasmKernel<Inputs, Attributes>(tf.BatchMatMul);
  const transpose = wasmKernel<{ x: tf.TensorInfo }, { perm: number[] }>(tf.Transpose);
  const multiply = plainProduct(backend);

  registerWasmKernel<Inputs, Attributes>(tf.BatchMatMul, (call) => {
    const { a, b } = call.inputs;
    const { transposeA, transposeB } = call.attrs;
    const batched = a.shape.length > 2 || b.shape.length > 2;
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || (!batched && !transposeA && !transposeB))
      return original(call);

    const swapped = (x: tf.TensorInfo) => transpose({ inputs: { x }, attrs: { perm: lastTwoSwapped(x) }, backend });
    const left = transposeA ? swapped(a) : a;
    const right = transposeB ? swapped(b) : b;
    const out = plainProducts(left, right, backend, multiply);
    if (transposeA) backend.disposeData(left.dataId);
    if (transposeB) backend.disposeData(right.dataId);
    return out;
  });
}

/** [..., m, k] · [..., k, n] → [..., m, n], the leading dimensions broadcast. */
function plainProducts(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  backend: WasmBackend,
  multiply: ReturnType<typeof plainProduct>,
): tf.TensorInfo {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const [inner, n] = b.shape.slice(-2) as [number, number];
  if (k !== inner) throw new Error(`inner shapes (${k}) and (${inner}) of a product must match`);
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const out = backend.makeOutput([...outer, m, n], 'float32');
  const [aStart, bStart, outStart] = [a, b, out].map(({ dataId }) => backend.dataIdMap.get(dataId).memoryOffset) as [
    number,
    number,
    number,
  ];
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  const [aOf, bOf] = [broadcastIndex(outerA, outer), broadcastIndex(outerB, outer)];
  const size = { m, k, n, aShape: int32Bytes(1, m, k), bShape: int32Bytes(1, k, n) };
  const count = tf.util.sizeFromShape(outer);
  for (let i = 0; i < count; i++) {
    multiply(aStart + aOf(i) * m * k * bytes, bStart + bOf(i) * k * n * bytes, outStart + i * m * n * bytes, size);
  }
  return out;
}

/** [m, k] · [k, n], with the shapes as the C++ side reads them. */
interface ProductSize {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly aShape: Uint8Array;
  readonly bShape: Uint8Array;
}

/** Multiplies one matrix by another where they lie, without a copy: each is shown to the C++ side as a tensor. */
function plainProduct(backend: WasmBackend) {
  const { wasm } = backend;
  const product = wasm.cwrap(tf.BatchMatMul, null, [
    'number',
    'array',
    'number',
    'number',
    'array',
    'number',
    'number',
    'number',
    'number',
  ]);
  const [aId, bId, outId] = [backend.dataIdNextNumber++, backend.dataIdNextNumber++, backend.dataIdNextNumber++];
  return (a: number, b: number, out: number, { m, k, n, aShape, bShape }: ProductSize): void => {
    wasm.tfjs.registerTensor(aId, m * k, a);
    wasm.tfjs.registerTensor(bId, k * n, b);
    wasm.tfjs.registerTensor(outId, m * n, out);
    product(aId, aShape, 3, bId, bShape, 3, 0, 0, outId);
    // The second one's removal also drops its packed copy in XNNPACK, which is kept by id.
    for (const id of [aId, bId, outId]) wasm.tfjs.disposeData(id);
  };
}

function int32Bytes(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}

function lastTwoSwapped({ shape }: tf.TensorInfo): number[] {
  const axes = [...shape.keys()];
  return [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
}

/** Which element of a tensor of shape `from` stands at a flat index of the shape that it is broadcast to. */
function broadcastIndex(from: number[], to: number[]): (index: number) => number {
  if (from.length === to.length && from.every((size, axis) => size === to[axis])) return (index) => index;
  return (index) => {
    let [rest, result, stride] = [index, 0, 1];
    for (let axis = 1; axis <= to.length; axis++) {
      const toSize = to.at(-axis) as number;
      const size = from.at(-axis) ?? 1;
      if (axis <= from.length && size > 1) result += (rest % toSize) * stride;
      if (axis <= from.length) stride *= size;
      rest = Math.floor(rest / toSize);
    }
    return result;
  };
}

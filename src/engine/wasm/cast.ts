import * as tf from '@tensorflow/tfjs-core';
import { registerWasmKernel, wasmKernel } from './backend.ts';

interface Inputs {
  readonly x: tf.TensorInfo;
}

interface Attributes {
  readonly dtype: tf.DataType;
}

/**
 * Casts to bool on wasm. The package's kernel keeps a number's lowest 8 bits (−1.7 becomes 255, 256 becomes false): here
 * every number but 0 is true, as on the other engines.
 */
export function repairCast(): void {
  const original = wasmKernel<Inputs, Attributes>(tf.Cast);

  registerWasmKernel<Inputs, Attributes>(tf.Cast, (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    if (attrs.dtype !== 'bool' || (x.dtype !== 'float32' && x.dtype !== 'int32')) return original(call);
    const out = backend.makeOutput(x.shape, 'bool');
    const [from, to] = [backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(out)];
    for (let i = 0; i < from.length; i++) to[i] = from[i] === 0 ? 0 : 1;
    return out;
  });
}

import * as tf from '@tensorflow/tfjs-core';
import { registerWasmKernel, wasmKernel } from './backend.ts';

interface Inputs {
  readonly indices: tf.TensorInfo;
}

interface Attributes {
  readonly dtype: tf.DataType;
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
}

/**
 * One-hot vectors on wasm in dtype float32. The package's kernel writes integers whatever the dtype, so that a float32
 * result holds the bit patterns of integers: here it makes int32, which is cast.
 */
export function repairOneHot(): void {
  const original = wasmKernel<Inputs, Attributes>(tf.OneHot);
  const cast = wasmKernel<{ x: tf.TensorInfo }, { dtype: tf.DataType }>(tf.Cast);

  registerWasmKernel<Inputs, Attributes>(tf.OneHot, (call) => {
    const { attrs, backend } = call;
    if (attrs.dtype !== 'float32') return original(call);
    // Cast 0 and 1 rather than the values: those may be fractions.
    const bits = original({ ...call, attrs: { ...attrs, dtype: 'int32', onValue: 1, offValue: 0 } });
    const out = cast({ inputs: { x: bits }, attrs: { dtype: 'float32' }, backend });
    backend.disposeData(bits.dataId);
    const { onValue, offValue } = attrs;
    if (onValue !== 1 || offValue !== 0) {
      const values = backend.typedArrayFromHeap(out);
      for (let i = 0; i < values.length; i++) values[i] = values[i] === 1 ? onValue : offValue;
    }
    return out;
  });
}

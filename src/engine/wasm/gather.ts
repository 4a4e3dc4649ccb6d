import * as tf from '@tensorflow/tfjs-core';
import { registerWasmKernel, wasmKernel } from './backend.ts';

interface Inputs {
  readonly x: tf.TensorInfo;
  /** int32 */
  readonly indices: tf.TensorInfo;
}

interface Attributes {
  readonly axis: number;
  readonly batchDims: number;
}

/**
 * Rows of a tensor (gather along axis 0) on wasm, each copied in one piece. The package's kernel computes the place of
 * every single element, which made it the slowest operation of an encoder's forward pass.
 */
export function repairGather(): void {
  const original = wasmKernel<Inputs, Attributes>(tf.GatherV2);

  registerWasmKernel<Inputs, Attributes>(tf.GatherV2, (call) => {
    const { inputs, attrs, backend } = call;
    const { x, indices } = inputs;
    if (attrs.axis !== 0 || attrs.batchDims !== 0 || x.dtype !== 'float32') return original(call);
    const [rows = 0, ...rest] = x.shape;
    const width = tf.util.sizeFromShape(rest);
    const out = backend.makeOutput([...indices.shape, ...rest], x.dtype);
    const [values, places, gathered] = [x, indices, out].map((tensor) => backend.typedArrayFromHeap(tensor)) as [
      Float32Array,
      Int32Array,
      Float32Array,
    ];
    for (const [i, row] of places.entries()) {
      if (row < 0 || row >= rows) {
        backend.disposeData(out.dataId);
        throw new Error(`gather: index ${row} is not in [0, ${rows - 1}]`);
      }
      gathered.set(values.subarray(row * width, (row + 1) * width), i * width);
    }
    return out;
  });
}

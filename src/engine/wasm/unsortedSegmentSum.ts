import * as tf from '@tensorflow/tfjs-core';
import { registerWasmKernel, type WasmKernel } from './backend.ts';

interface Inputs {
  /** [n, ...rest] */
  readonly x: tf.TensorInfo;
  /** int32 [n]; a negative one drops its row. */
  readonly segmentIds: tf.TensorInfo;
}

interface Attributes {
  readonly numSegments: number;
}

/**
 * Sums of the rows of each segment, [numSegments, ...rest]: the gradient of gather, which the package lacks on wasm.
 * The rows are added where they lie, in order, so that the result does not depend on anything but the input.
 */
export function addUnsortedSegmentSum(): void {
  registerWasmKernel<Inputs, Attributes>(tf.UnsortedSegmentSum, unsortedSegmentSum);
}

const unsortedSegmentSum: WasmKernel<Inputs, Attributes> = ({ inputs, attrs, backend }) => {
  const { x, segmentIds } = inputs;
  const rest = x.shape.slice(1);
  const width = tf.util.sizeFromShape(rest);
  const out = backend.makeOutput([attrs.numSegments, ...rest], x.dtype);
  const [rows, ids, sums] = [x, segmentIds, out].map((tensor) => backend.typedArrayFromHeap(tensor)) as [
    Float32Array,
    Int32Array,
    Float32Array,
  ];
  sums.fill(0);
  for (const [row, id] of ids.entries()) {
    if (id < 0) continue;
    if (id >= attrs.numSegments) throw new Error(`segment id ${id} is not below numSegments ${attrs.numSegments}`);
    const [from, to] = [row * width, id * width];
    for (let i = 0; i < width; i++) (sums[to + i] as number) += rows[from + i] as number;
  }
  return out;
};

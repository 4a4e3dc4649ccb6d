import * as tf from '@tensorflow/tfjs-core';

/** What the kernel repairs use of the wasm backend of @tensorflow/tfjs-backend-wasm 4.22.0. */
export interface WasmBackend {
  readonly wasm: {
    /** Wraps a C++ function as a JavaScript one. */
    cwrap(name: string, returns: null, parameters: ('number' | 'array')[]): (...args: unknown[]) => void;
    readonly tfjs: {
      registerTensor(id: number, size: number, memoryOffset: number): void;
      disposeData(id: number): void;
    };
  };
  /** The next tensor's id on the C++ side. */
  dataIdNextNumber: number;
  readonly dataIdMap: { get(dataId: object): { readonly id: number; readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  /** A view of a tensor's memory; it ends with the next allocation. */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array | Uint8Array;
  disposeData(dataId: object): boolean;
}

/** A kernel's work; the attributes are the kernel's own. */
export type WasmKernel<Inputs, Attributes> = (call: {
  inputs: Inputs;
  attrs: Attributes;
  backend: WasmBackend;
}) => tf.TensorInfo;

/** The kernel that is registered under a name for wasm. */
export function wasmKernel<Inputs, Attributes>(name: string): WasmKernel<Inputs, Attributes> {
  return tf.getKernel(name, 'wasm').kernelFunc as unknown as WasmKernel<Inputs, Attributes>;
}

/** Registers a kernel for wasm, in place of the package's own if it has one. */
export function registerWasmKernel<Inputs, Attributes>(name: string, kernel: WasmKernel<Inputs, Attributes>): void {
  const existing = tf.getKernel(name, 'wasm');
  if (existing) tf.unregisterKernel(name, 'wasm');
  // The set-up prepares what the package's other kernels may share with this one.
  tf.registerKernel({
    ...existing,
    kernelName: name,
    backendName: 'wasm',
    kernelFunc: kernel as unknown as tf.KernelFunc,
  });
}

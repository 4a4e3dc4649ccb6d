import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import type { Precision } from './engine.ts';
import { detectHardware } from './hardware.ts';
import { compiledKernels } from './native/kernels.ts';
import { withoutLibraryLog } from './native/libraryLog.ts';

const require = createRequire(import.meta.url);

/** An attribute of a TensorFlow op, as the binding takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** What this project uses of the native backend beyond the common interface. */
interface TensorFlowBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_TYPE: number;
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
  };
  executeSingleOutput(op: string, attributes: OpAttribute[], inputs: tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

export interface TensorFlowRequest {
  readonly precision: Precision;
  /** 0: as many as the machine has cores. */
  readonly threads: number;
  /** Whether what the library prints while it is loaded is kept from standard error. */
  readonly quiet: boolean;
}

/** Loads libtensorflow into this process, which takes .6 s, and registers its backend `tensorflow`. */
export function startTensorFlow({ precision, threads, quiet }: TensorFlowRequest): {
  version: string;
  device: 'cpu' | 'cuda';
} {
  const workers = String(threads || availableParallelism());
  // All of them are read by the library, most while it is loaded.
  Object.assign(process.env, {
    OMP_NUM_THREADS: workers,
    TF_NUM_INTRAOP_THREADS: workers,
    TF_NUM_INTEROP_THREADS: workers,
    TF_CPP_MIN_LOG_LEVEL: quiet ? '3' : '1',
    // The fused ops round by themselves, and only what belongs to the encoder.
    ONEDNN_DEFAULT_FPMATH_MODE:
      precision === 'bfloat16' && !compiledKernels(detectHardware().flags) ? 'BF16' : 'STRICT',
    // float32 means float32 on a GPU too, not TF32's 10 bits of mantissa.
    NVIDIA_TF32_OVERRIDE: '0',
    // Several workers share a GPU.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  });
  restoreUtilFunctions();
  const load = () => require('@tensorflow/tfjs-node-gpu');
  if (quiet) withoutLibraryLog(load);
  else load();
  const { binding, isUsingGpuDevice } = tensorFlowBackend();
  return { version: binding.TF_Version, device: isUsingGpuDevice ? 'cuda' : 'cpu' };
}

/** The native backend, whichever backend is current. */
export function tensorFlowBackend(): TensorFlowBackend {
  return tf.findBackend('tensorflow') as unknown as TensorFlowBackend;
}

/**
 * The native backend calls two functions of node:util that Node 22 warns about and Node 23 removed.
 */
function restoreUtilFunctions(): void {
  Object.assign(require('node:util'), {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
}

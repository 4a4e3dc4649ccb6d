import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { messageOf } from '../../errors.ts';
import { detectHardware } from '../hardware.ts';
import { type OpAttribute, tensorFlowBackend } from '../tensorflow.ts';
import { compiledKernels, kernelsFor } from './kernels.ts';

const require = createRequire(import.meta.url);

let loaded: { readonly bfloat16: boolean } | undefined;

/** Why there are no fused ops. */
export interface Unfused {
  readonly reason: string;
  /** Whether another installation can mend it. */
  readonly mendable: boolean;
}

/**
 * Makes the ops of `kernels/` known to TensorFlow, which this process has loaded: encoders' blocks and AdamW as one op
 * each, for CPUs. They are compiled when the engine is installed; without them everything works, several times slower.
 *
 * @returns why they cannot be had, or undefined if they are loaded
 */
export function loadFusedOps({ bfloat16 }: { readonly bfloat16: boolean }): Unfused | undefined {
  const { flags } = detectHardware();
  if (!kernelsFor(flags)) return { reason: 'this processor has no AVX2', mendable: false };
  const file = compiledKernels(flags);
  if (file === undefined) return { reason: 'they are not compiled', mendable: true };
  try {
    require(file);
  } catch (error) {
    return { reason: messageOf(error), mendable: true };
  }
  loaded = { bfloat16 };
  return undefined;
}

export function fusedOpsAreLoaded(): boolean {
  return loaded !== undefined;
}

/** Whether the current engine has them. */
export function fusedOpsAreCurrent(): boolean {
  return fusedOpsAreLoaded() && tf.getBackend() === 'tensorflow';
}

/** Whether the ops' matrix products multiply in bfloat16. */
export function usesBfloat16(): boolean {
  return loaded?.bfloat16 ?? false;
}

/** Runs an op; the number of its outputs has to be given. */
export function runFusedOp(
  name: string,
  attributes: readonly OpAttribute[],
  inputs: readonly tf.TensorInfo[],
  outputs: number,
): tf.Tensor[] {
  return tensorFlowBackend().executeMultipleOutputs(name, attributes, inputs, outputs);
}

export function integer(name: string, value: number): OpAttribute {
  return { name, type: tensorFlowBackend().binding.TF_ATTR_INT, value };
}

export function float(name: string, value: number): OpAttribute {
  return { name, type: tensorFlowBackend().binding.TF_ATTR_FLOAT, value };
}

export function flag(name: string, value: boolean): OpAttribute {
  return { name, type: tensorFlowBackend().binding.TF_ATTR_BOOL, value };
}

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { registerGradients } from '../../../src/engine/gradients.ts';
import type { WasmBackend } from '../../../src/engine/wasm/backend.ts';

/** Starts wasm as the package has it. A test file has a process of its own, so that no repair is in it before. */
export async function startUnrepairedWasm(): Promise<WasmBackend> {
  registerGradients();
  await tf.setBackend('wasm');
  return tf.backend() as unknown as WasmBackend;
}

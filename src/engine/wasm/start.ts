import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { registerGradients } from '../gradients.ts';
import type { WasmBackend } from './backend.ts';
import { repairBatchMatMul } from './batchMatMul.ts';
import { repairCast } from './cast.ts';
import { repairGather } from './gather.ts';
import { repairOneHot } from './oneHot.ts';
import { addUnsortedSegmentSum } from './unsortedSegmentSum.ts';

/** Registers and starts the backend `wasm` and repairs its kernels. It has one thread under Node. */
export async function startWasm(): Promise<void> {
  registerGradients();
  // setBackend is the only way to wait for the start.
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend does not start');
  repairBatchMatMul(tf.backend() as unknown as WasmBackend);
  repairCast();
  repairGather();
  repairOneHot();
  addUnsortedSegmentSum();
}

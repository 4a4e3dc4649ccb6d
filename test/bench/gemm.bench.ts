/**
 * tf.matMul on every engine that works here, in the forms of a training step; `hz` × the flops in a name is its rate.
 * `unrepaired wasm` is the kernel of the package (see src/engine/wasm/batchMatMul.ts).
 */
import * as tf from '@tensorflow/tfjs-core';
import { bench, describe } from 'vitest';
import { startUnrepairedWasm } from '../engine/wasm/unrepaired.ts';
import { availableEngines, useEngine } from '../engine/engines.ts';

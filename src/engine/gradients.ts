import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageFolder } from './native/places.ts';

/**
 * Registers the gradients of TensorFlow.js's ops. The build of @tensorflow/tfjs-core for Node comes without them; the
 * union package, which @tensorflow/tfjs-node-gpu depends on, registers them when it is loaded.
 */
export function registerGradients(): void {
  createRequire(join(packageFolder, 'package.json'))('@tensorflow/tfjs');
}

import * as tf from '@tensorflow/tfjs-core';
import { fusedOpsAreLoaded } from './native/fusedOps.ts';
import { tensorFlowBackend } from './tensorflow.ts';

/** Names one draw: equal keys give equal numbers, on the same engine. */
export interface UniformKey {
  /** Any safe integer; its low 32 bits count. */
  readonly seed: number;
  /** Which draw of the seed, e.g. step and place; its low 32 bits count. */
  readonly counter: number;
}

/**
 * Independent uniform numbers on [0, 1), float32, as a function of the key: no generator has a state, so that a draw
 * can be repeated and skipped. A hash of the element's index, or where fused ops are missing on the native engine, for
 * which hashing in JavaScript would be slow, TensorFlow's Philox generator.
 */
export function uniform(shape: number[], key: UniformKey): tf.Tensor {
  // The fused ops hash too, and are to be comparable with what they replace.
  const usesPhilox = tf.getBackend() === 'tensorflow' && !fusedOpsAreLoaded();
  return usesPhilox ? philoxUniform(shape, key) : hashedUniform(shape, key);
}

function philoxUniform(shape: number[], { seed, counter }: UniformKey): tf.Tensor {
  const backend = tensorFlowBackend();
  const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = backend.binding;
  return tf.tidy(() =>
    backend.executeSingleOutput(
      'StatelessRandomUniform',
      [
        { name: 'dtype', type: TF_ATTR_TYPE, value: TF_FLOAT },
        { name: 'T', type: TF_ATTR_TYPE, value: TF_INT32 },
        { name: 'Tseed', type: TF_ATTR_TYPE, value: TF_INT32 },
      ],
      [tf.tensor1d(shape, 'int32'), tf.tensor1d([seed | 0, counter | 0], 'int32')],
    ),
  );
}

function hashedUniform(shape: number[], { seed, counter }: UniformKey): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  // The counter goes in between two rounds, so that the draws of a seed are not one sequence shifted.
  const first = mix(seed ^ 0x9e3779b9);
  const second = mix(counter ^ 0x85ebca6b);
  for (let i = 0; i < values.length; i++) values[i] = (mix(mix(i ^ first) + second) >>> 8) * 2 ** -24;
  return tf.tensor(values, shape);
}

/** A bijection of 32-bit integers in which each bit depends on all: `lowbias32` of C. Wellons, Hash Prospector. */
function mix(x: number): number {
  let bits = x ^ (x >>> 16);
  bits = Math.imul(bits, 0x7feb352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846ca68b);
  return bits ^ (bits >>> 16);
}

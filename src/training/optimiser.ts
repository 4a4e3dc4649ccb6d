import * as tf from '@tensorflow/tfjs-core';
import { fusedOpsAreCurrent, runFusedOp } from '../engine/native/fusedOps.ts';
import { copyOf } from './checkpoint.ts';

export interface AdamWOptions {
  /** Share of a weight that a step of learning rate 1 takes off. */
  readonly weightDecay: number;
  /** Decay of the gradient's running mean. Default .9. */
  readonly beta1?: number;
  /** Decay of the squared gradient's running mean. Default .999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

export interface UpdateOptions {
  readonly learningRate: number;
  /** What the gradients are multiplied by, to clip them. Default 1. */
  readonly gradientScale?: number;
}

export interface Optimiser {
  /**
   * Changes the variables in place, in their memory too: what has to keep old values must have data of its own. A
   * variable without a gradient is left as it is, its decay included.
   *
   * @param gradients by the names of the variables; others are ignored. They stay the caller's.
   */
  apply(
    variables: ReadonlyMap<string, tf.Variable>,
    gradients: ReadonlyMap<string, tf.Tensor>,
    options: UpdateOptions,
  ): void;
  /** Frees the running means. */
  dispose(): void;
}

interface State {
  step: number;
  /** Running mean of the gradient, divided by 1 − β₁. */
  mean: tf.Tensor;
  /** Running mean of the squared gradient, divided by 1 − β₂. */
  square: tf.Tensor;
}

/** The numbers of one update; the means are kept without their factors 1 − β, which are in `rate` and `epsilon`. */
interface Scalars {
  readonly gradientScale: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly rate: number;
  readonly epsilon: number;
  /** What decay leaves of a value. */
  readonly keep: number;
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv 1711.05101), equal to torch.optim.AdamW. Biases,
 * LayerNorm parameters and what balances the terms of an objective do not decay.
 */
export function adamW({ weightDecay, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamWOptions): Optimiser {
  const states = new Map<string, State>();

  function scalarsOf(name: string, step: number, { learningRate, gradientScale = 1 }: UpdateOptions): Scalars {
    const root = Math.sqrt((1 - beta2 ** step) / (1 - beta2));
    return {
      gradientScale,
      beta1,
      beta2,
      rate: (learningRate * root * (1 - beta1)) / (1 - beta1 ** step),
      epsilon: epsilon * root,
      keep: decays(name) ? 1 - learningRate * weightDecay : 1,
    };
  }

  return {
    apply(variables, gradients, options) {
      const update = fusedOpsAreCurrent() ? updateFused : updatePlain;
      for (const [name, variable] of variables) {
        const gradient = gradients.get(name);
        if (!gradient) continue;
        const state = states.get(name) ?? begin(variable, gradient);
        states.set(name, state);
        state.step++;
        update(state, variable, gradient, scalarsOf(name, state.step, options));
      }
    },
    dispose() {
      for (const { mean, square } of states.values()) tf.dispose([mean, square]);
      states.clear();
    },
  };
}

function begin(variable: tf.Variable, gradient: tf.Tensor): State {
  // Until now the variable may share its data with the tensor that it was made of.
  const own = copyOf(variable);
  variable.assign(own);
  own.dispose();
  return { step: 0, mean: tf.zerosLike(gradient), square: tf.zerosLike(gradient) };
}

/** In TensorFlow.js' own operations. */
function updatePlain(state: State, variable: tf.Variable, gradient: tf.Tensor, scalars: Scalars): void {
  const { gradientScale, beta1, beta2, rate, epsilon, keep } = scalars;
  const next = tf.tidy(() => {
    const scaled = gradientScale === 1 ? gradient : tf.mul(gradient, gradientScale);
    const mean = tf.add(tf.mul(state.mean, beta1), scaled);
    const square = tf.add(tf.mul(state.square, beta2), tf.square(scaled));
    const change = tf.mul(tf.div(mean, tf.add(tf.sqrt(square), epsilon)), rate);
    return { mean, square, value: tf.sub(keep === 1 ? variable : tf.mul(variable, keep), change) };
  });
  tf.dispose([state.mean, state.square]);
  state.mean = next.mean;
  state.square = next.square;
  variable.assign(next.value);
  next.value.dispose();
}

/** In one pass over memory, in place. */
function updateFused(state: State, variable: tf.Variable, gradient: tf.Tensor, scalars: Scalars): void {
  const { gradientScale, beta1, beta2, rate, epsilon, keep } = scalars;
  const numbers = tf.tensor1d([gradientScale, beta1, beta2, rate, epsilon, keep]);
  const done = runFusedOp('ContrafitAdamW', [], [variable, state.mean, state.square, gradient, numbers], 1);
  tf.dispose([numbers, ...done]);
}

function decays(name: string): boolean {
  return !name.endsWith('bias') && !/LayerNorm|layer_norm|^balance\./.test(name);
}

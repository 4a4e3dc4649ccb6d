import * as tf from '@tensorflow/tfjs-core';

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

export interface Optimiser {
  /**
   * Changes the variables in place. A variable without a gradient is left as it is, its decay included.
   *
   * @param gradients by the names of the variables; others are ignored. They stay the caller's.
   */
  apply(
    variables: ReadonlyMap<string, tf.Variable>,
    gradients: ReadonlyMap<string, tf.Tensor>,
    learningRate: number,
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

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv 1711.05101), equal to torch.optim.AdamW. Biases and
 * LayerNorm parameters do not decay.
 */
export function adamW({ weightDecay, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamWOptions): Optimiser {
  const states = new Map<string, State>();

  function update(name: string, variable: tf.Variable, gradient: tf.Tensor, learningRate: number): void {
    const state = states.get(name) ?? { step: 0, mean: tf.zerosLike(gradient), square: tf.zerosLike(gradient) };
    states.set(name, state);
    state.step++;
    // The means are kept without their factors 1 − β, which go into two scalars here: two passes over memory fewer.
    const root = Math.sqrt((1 - beta2 ** state.step) / (1 - beta2));
    const rate = (learningRate * root * (1 - beta1)) / (1 - beta1 ** state.step);
    const keep = decays(name) ? 1 - learningRate * weightDecay : 1;

    const next = tf.tidy(() => {
      const mean = tf.add(tf.mul(state.mean, beta1), gradient);
      const square = tf.add(tf.mul(state.square, beta2), tf.square(gradient));
      const change = tf.mul(tf.div(mean, tf.add(tf.sqrt(square), epsilon * root)), rate);
      return { mean, square, value: tf.sub(keep === 1 ? variable : tf.mul(variable, keep), change) };
    });
    tf.dispose([state.mean, state.square]);
    state.mean = next.mean;
    state.square = next.square;
    variable.assign(next.value);
    next.value.dispose();
  }

  return {
    apply(variables, gradients, learningRate) {
      for (const [name, variable] of variables) {
        const gradient = gradients.get(name);
        if (gradient) update(name, variable, gradient, learningRate);
      }
    },
    dispose() {
      for (const { mean, square } of states.values()) tf.dispose([mean, square]);
      states.clear();
    },
  };
}

function decays(name: string): boolean {
  return !name.endsWith('bias') && !/LayerNorm|layer_norm/.test(name);
}

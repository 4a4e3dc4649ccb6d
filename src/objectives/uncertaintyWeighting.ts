import * as tf from '@tensorflow/tfjs-core';

/**
 * Learned weights of the terms of a loss by their homoscedastic uncertainty (Kendall, Gal & Cipolla 2018,
 * arXiv 1705.07115): with s = log σ² of each term, trained with everything else from 0 on, a term L becomes
 *
 *     exp(−s) · L + s / 2,     of a regression ½ exp(−s) · L + s / 2
 */
export interface UncertaintyWeighting {
  /** s of each term, as `balance.<term>`. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** The term as it enters the sum. */
  balanced(term: string, value: tf.Scalar, isRegression: boolean): tf.Scalar;
  /** What each term is multiplied by now, the ½ of regressions left out. */
  weights(): Record<string, number>;
}

/** @param terms names of those that are trained on */
export function uncertaintyWeighting(terms: readonly string[]): UncertaintyWeighting {
  const fromZero = (): tf.Variable => tf.tidy(() => tf.variable(tf.scalar(0)));
  const variables = new Map(terms.map((term) => [`balance.${term}`, fromZero()]));
  return {
    variables,
    balanced(term, value, isRegression) {
      const s = variables.get(`balance.${term}`);
      if (!s) return value;
      const scaled = tf.mul(tf.mul(value, tf.exp(tf.neg(s))), isRegression ? 0.5 : 1);
      return tf.add(scaled, tf.mul(s, 0.5)) as tf.Scalar;
    },
    weights() {
      return Object.fromEntries(
        terms.map((term) => [term, Math.exp(-(variables.get(`balance.${term}`)?.dataSync()[0] ?? 0))]),
      );
    },
  };
}

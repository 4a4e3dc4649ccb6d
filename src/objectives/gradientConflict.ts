import * as tf from '@tensorflow/tfjs-core';

/** How the terms of a loss pull at the same variables. */
export interface GradientConflict {
  /** Global L2 norm of each term's gradient. */
  readonly norms: Readonly<Record<string, number>>;
  /**
   * Cosine of two terms' gradients by `first/second`, in [−1, 1]: below 0 the terms work against each other. Left out
   * where a gradient is 0 and so has no direction.
   */
  readonly cosines: Readonly<Record<string, number>>;
}

/**
 * The gradient of each term with respect to the same variables, taken one term after the other.
 *
 * @param evaluate the value of a term; called once for each name and has to give the same forward pass each time (the
 *   same dropout masks)
 * @param names the terms; pairs are formed in this order
 * @param variables a variable that a term does not depend on has gradient 0
 * @param total gradient of the sum of the terms, by the variables' names here; spares a single term its pass
 */
export function gradientsByTerm(
  evaluate: (term: string) => tf.Scalar,
  names: readonly string[],
  variables: ReadonlyMap<string, tf.Variable>,
  total?: ReadonlyMap<string, tf.Tensor>,
): GradientConflict {
  const norms: Record<string, number> = {};
  const cosines: Record<string, number> = {};
  tf.tidy(() => {
    const gradients =
      total && names.length === 1
        ? [Object.fromEntries([...total].filter(([name]) => variables.has(name)))]
        : names.map((name) => tf.variableGrads(() => evaluate(name), [...variables.values()]).grads);
    const lengths = gradients.map((gradient) => Math.sqrt(dot(gradient, gradient)));
    for (const [i, first] of names.entries()) {
      norms[first] = lengths[i] ?? 0;
      for (const [j, second] of names.entries()) {
        const scale = (lengths[i] ?? 0) * (lengths[j] ?? 0);
        if (j > i && scale > 0) cosines[`${first}/${second}`] = dot(gradients[i] ?? {}, gradients[j] ?? {}) / scale;
      }
    }
  });
  return { norms, cosines };
}

function dot(first: tf.NamedTensorMap, second: tf.NamedTensorMap): number {
  const products = Object.entries(first).flatMap(([name, gradient]) => {
    const other = second[name];
    return other ? [tf.sum(tf.mul(gradient, other))] : [];
  });
  return products.length > 0 ? (tf.addN(products).dataSync()[0] ?? 0) : 0;
}

import * as tf from '@tensorflow/tfjs-core';

/** The weights of one step, kept in memory while training goes on. */
export class Checkpoint {
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  #copies: tf.Tensor[];
  /** The step that the copy is of; 0 is the start. */
  step = 0;
  /** The validation score of that step; higher is better. */
  score = Number.NEGATIVE_INFINITY;

  constructor(variables: ReadonlyMap<string, tf.Variable>) {
    this.#variables = variables;
    this.#copies = this.#copy();
  }

  /** Keeps the weights as they are now. */
  take(step: number, score: number): void {
    tf.dispose(this.#copies);
    this.#copies = this.#copy();
    this.step = step;
    this.score = score;
  }

  /** Puts the kept weights back. */
  restore(): void {
    let i = 0;
    for (const variable of this.#variables.values()) {
      const copy = copyOf(this.#copies[i++] as tf.Tensor);
      variable.assign(copy);
      copy.dispose();
    }
  }

  dispose(): void {
    tf.dispose(this.#copies);
    this.#copies = [];
  }

  #copy(): tf.Tensor[] {
    return [...this.#variables.values()].map(copyOf);
  }
}

/** A tensor with data of its own; that of a clone would change with the variable, which an optimiser changes in place. */
export function copyOf(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, 1);
}

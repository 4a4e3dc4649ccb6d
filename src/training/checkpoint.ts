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
    for (const variable of this.#variables.values()) variable.assign(this.#copies[i++] as tf.Tensor);
  }

  dispose(): void {
    tf.dispose(this.#copies);
    this.#copies = [];
  }

  #copy(): tf.Tensor[] {
    // A clone shares its data until the variable is assigned anew, so that a copy costs memory only once training moves on.
    return tf.tidy(() => [...this.#variables.values()].map((variable) => variable.clone()));
  }
}

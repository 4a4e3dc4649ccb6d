import * as tf from '@tensorflow/tfjs-core';
import { createDropout, createHeadDropout } from '../encoders/dropout.ts';
import { type GradientConflict, gradientsByTerm } from '../objectives/gradientConflict.ts';
import type { ObjectiveInputs } from '../objectives/objective.ts';
import { collate } from '../text/batch.ts';
import { globalNorm } from './clipping.ts';
import { trainableVariables } from './freezing.ts';
import type { Training } from './trainer.ts';

export interface BatchGradients {
  readonly loss: number;
  /** Each term before its weight. */
  readonly terms: Readonly<Record<string, number>>;
  /** Of the encoder's and the head's variables by name. The caller disposes them. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** Their global norm. */
  readonly gradientNorm: number;
}

/**
 * Loss and gradients of one batch.
 *
 * With `accumulate` above 1 the encoder sees the batch in pieces, in the manner of GradCache (Gao et al. 2021,
 * arXiv 2101.06983): embeddings of all pieces first, then the objective's gradient with respect to the embeddings,
 * then piece by piece the encoder's share. The update is that of the whole batch also for losses which compare the
 * items of a batch with each other, such as SupCon; it costs one more forward pass. In bfloat16 it is so up to rounding:
 * passes whose gradients nobody asks for round one intermediate result less.
 */
export function batchGradients(training: Training, indices: Int32Array, step: number): BatchGradients {
  const { accumulate } = training.options;
  const kept = tf.tidy(() => {
    const found = accumulate === 1 ? wholeBatch(training, indices, step) : inPieces(training, indices, step);
    const norm = globalNorm(found.gradients);
    return { loss: found.loss, terms: found.terms, norm, gradients: Object.fromEntries(found.gradients) };
  });
  const result = {
    loss: scalarOf(kept.loss),
    terms: Object.fromEntries(Object.entries(kept.terms).map(([name, term]) => [name, scalarOf(term)])),
    gradients: new Map(Object.entries(kept.gradients)),
    gradientNorm: scalarOf(kept.norm),
  };
  tf.dispose([kept.loss, kept.terms, kept.norm]);
  return result;
}

/**
 * Gradient norm of each weighted term over the encoder's variables in this batch, and the cosines between them.
 *
 * @param gradients of their sum, as {@link batchGradients} gives them
 */
export function conflictAt(
  training: Training,
  indices: Int32Array,
  step: number,
  gradients: ReadonlyMap<string, tf.Tensor>,
): GradientConflict {
  const { encoder, objective, options } = training;
  const whole = () => inputs(training, indices, step, embedPiece(training, indices, step));
  return gradientsByTerm(
    (term) => objective.evaluate(whole()).weighted[term] as tf.Scalar,
    objective.terms.filter((term) => term.weight > 0).map((term) => term.name),
    trainableVariables(encoder, options.freeze),
    gradients,
  );
}

interface Found {
  readonly loss: tf.Scalar;
  readonly terms: Record<string, tf.Scalar>;
  readonly gradients: Map<string, tf.Tensor>;
}

function wholeBatch(training: Training, indices: Int32Array, step: number): Found {
  const { encoder, heads, objective, options } = training;
  return gradientsOf(
    () => objective.evaluate(inputs(training, indices, step, embedPiece(training, indices, step))),
    new Map([...trainableVariables(encoder, options.freeze), ...heads.variables, ...objective.variables]),
  );
}

function inPieces(training: Training, indices: Int32Array, step: number): Found {
  const { encoder, heads, objective, options } = training;
  const size = Math.ceil(indices.length / options.accumulate);
  const pieces = Array.from({ length: Math.ceil(indices.length / size) }, (_, i) => ({
    from: i * size,
    indices: indices.slice(i * size, (i + 1) * size),
    // Each piece draws its own dropout, the same in both of its passes.
    key: step * options.accumulate + i,
  }));
  const forward = (piece: (typeof pieces)[number]) => embedPiece(training, piece.indices, piece.key);
  const embeddings = tf.variable(
    tf.concat2d(
      pieces.map((piece) => tf.tidy(() => forward(piece))),
      0,
    ),
  );
  const outer = gradientsOf(
    () => objective.evaluate(inputs(training, indices, step, embeddings as tf.Tensor2D)),
    new Map<string, tf.Variable>([['embeddings', embeddings], ...heads.variables, ...objective.variables]),
  );
  const { embeddings: upstream, ...headGradients } = Object.fromEntries(outer.gradients);
  embeddings.dispose();
  if (upstream === undefined) return { ...outer, gradients: new Map(Object.entries(headGradients)) };

  const trainable = trainableVariables(encoder, options.freeze);
  const total = new Map<string, tf.Tensor>();
  for (const piece of pieces) {
    const share = tf.slice2d(upstream as tf.Tensor2D, [piece.from, 0], [piece.indices.length, -1]);
    const { gradients } = gradientsOf(
      () => ({ total: tf.sum(tf.mul(forward(piece), share)) as tf.Scalar, terms: {} }),
      trainable,
    );
    for (const [name, gradient] of gradients) {
      const sum = total.get(name);
      total.set(name, sum ? tf.add(sum, gradient) : gradient);
      if (sum) tf.dispose([sum, gradient]);
    }
  }
  return { ...outer, gradients: new Map([...total, ...Object.entries(headGradients)]) };
}

function embedPiece(
  { encoder, texts, pooling, options, seed }: Training,
  indices: Int32Array,
  key: number,
): tf.Tensor2D {
  const batch = collate(texts, indices, encoder.tokeniser.padId);
  return encoder.embed(batch, pooling, { dropout: createDropout(seed, key, encoder.config, options.dropout) });
}

function inputs(training: Training, indices: Int32Array, step: number, embeddings: tf.Tensor2D): ObjectiveInputs {
  const { objective, heads, frozen, targets, labels, classes, encoder, options, seed } = training;
  const dropout = createHeadDropout(seed, step * options.accumulate, encoder.config, options.dropout);
  return {
    embeddings,
    frozen: frozen && objective.needs.has('frozen') ? rows(frozen, indices) : null,
    projections: heads.projection?.project(embeddings) ?? null,
    logits: heads.classification?.logits(embeddings, dropout) ?? null,
    affect: heads.affect?.affect(embeddings) ?? null,
    targets: targets && objective.needs.has('targets') ? rows(targets, indices) : null,
    ...(heads.classification && { tasks: heads.classification.tasks }),
    labels: Int32Array.from(indices, (i) => labels[i] as number),
    ...(classes && { classes }),
  };
}

/** Runs `f` once and gives its value, its terms and the gradients of the variables that it depends on. */
function gradientsOf(
  f: () => { total: tf.Scalar; terms: Record<string, tf.Scalar> },
  variables: ReadonlyMap<string, tf.Variable>,
): Found {
  let terms: Record<string, tf.Scalar> = {};
  const { value, grads } = tf.variableGrads(() => {
    const result = f();
    // Kept: variableGrads disposes everything that is not a gradient.
    terms = Object.fromEntries(Object.entries(result.terms).map(([name, term]) => [name, tf.keep(tf.clone(term))]));
    return result.total;
  }, [...variables.values()]);
  const gradients = new Map<string, tf.Tensor>();
  for (const [name, variable] of variables) {
    const gradient = grads[variable.name];
    if (gradient) gradients.set(name, gradient);
  }
  return { loss: value, terms, gradients };
}

function rows(matrix: { data: Float32Array; columns: number }, indices: Int32Array): tf.Tensor2D {
  const { data, columns } = matrix;
  const result = new Float32Array(indices.length * columns);
  indices.forEach((row, i) => {
    result.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  });
  return tf.tensor2d(result, [indices.length, columns]);
}

function scalarOf(scalar: tf.Tensor): number {
  return scalar.dataSync()[0] as number;
}

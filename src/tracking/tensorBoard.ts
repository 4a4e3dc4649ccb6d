import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import type { EngineName } from '../engine/engine.ts';
import { type OpAttribute, tensorFlowBackend } from '../engine/tensorflow.ts';
import { UserError } from '../errors.ts';
import type { JournalRecord } from './journal.ts';
import { metricsOf } from './loggedMetrics.ts';

const require = createRequire(import.meta.url);

/** What is used of tfjs-node's summary writer. */
interface SummaryFileWriter {
  scalar(name: string, value: number, step: number): void;
  flush(): void;
}

/** A tensor of tfjs-node alone: TensorFlow.js has no int64. */
type Int64Scalar = object;

/** What of the native backend serves TensorBoard. */
interface SummaryBackend {
  readonly binding: {
    readonly TF_ATTR_TYPE: number;
    readonly TF_FLOAT: number;
    executeOp(op: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): unknown;
    deleteTensor(id: number): void;
  };
  /** A handle to a writer that does not exist yet. */
  summaryWriter(folder: string): tf.Tensor;
  createSummaryFileWriter(
    handle: tf.Tensor,
    folder: string,
    maxQueue: number,
    flushMilliseconds: number,
    suffix: string,
  ): void;
  getInputTensorIds(inputs: readonly (tf.Tensor | Int64Scalar)[]): number[];
}

/** Written about as often as TensorBoard looks at a file, however many events a step has. */
const flushing = { maxQueue: 100_000, milliseconds: 5_000 };

/**
 * Writes a run's journal as an event file of TensorBoard, with tfjs-node's summary writer: scalars by the names of
 * {@link metricsOf}, in float32, those that are not finite too. The engine `tensorflow` has to be current.
 */
export class TensorBoardWriter {
  readonly #handle: tf.Tensor;
  readonly #writer: SummaryFileWriter;

  /** @param folder It is made if it is not there, and gets a new event file. */
  constructor(folder: string) {
    const { SummaryFileWriter } = require('@tensorflow/tfjs-node-gpu/dist/tensorboard.js') as {
      SummaryFileWriter: new (handle: tf.Tensor) => SummaryFileWriter;
    };
    const backend = summaryBackend();
    // Not by tfjs-node's `summaryFileWriter`, which keeps a folder's writer for ever and so cannot open the folder again.
    this.#handle = tf.keep(backend.summaryWriter(folder));
    try {
      tf.tidy(() =>
        backend.createSummaryFileWriter(this.#handle, folder, flushing.maxQueue, flushing.milliseconds, '.v2'),
      );
    } catch (error) {
      this.#handle.dispose();
      throw error;
    }
    this.#writer = new SummaryFileWriter(this.#handle);
  }

  /** Records without metrics are left out. */
  write(record: JournalRecord): void {
    const logged = metricsOf(record);
    if (!logged) return;
    for (const [name, value] of Object.entries(logged.metrics)) this.#writer.scalar(name, value, logged.step);
  }

  /**
   * The distribution of some values, in buckets that grow by a tenth, with their number, minimum, maximum and sum.
   * Values that are not finite have no bucket and are left out; without any others nothing is written.
   */
  histogram(name: string, values: Float32Array, step: number): void {
    const finite = values.filter(Number.isFinite);
    if (finite.length === 0) return;
    const { Int64Scalar } = require('@tensorflow/tfjs-node-gpu/dist/int64_tensors.js') as {
      Int64Scalar: new (value: number) => Int64Scalar;
    };
    const backend = summaryBackend();
    const { binding } = backend;
    // The op itself: tfjs-node's `histogram` fails where all values are equal, as those of an encoder that did not move.
    tf.tidy(() => {
      const inputs = [this.#handle, new Int64Scalar(step), tf.scalar(name, 'string'), tf.tensor1d(finite)];
      const ids = backend.getInputTensorIds(inputs);
      const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
      try {
        binding.executeOp('WriteHistogramSummary', [type], ids, 0);
      } finally {
        // No tensor of TensorFlow.js owns the step.
        binding.deleteTensor(ids[1] as number);
      }
    });
  }

  /** Writes what is held back and closes the file, which throws if the disk is full; the folder may be moved then. */
  close(): void {
    try {
      this.#writer.flush();
    } finally {
      tensorFlowBackend().executeMultipleOutputs('CloseSummaryWriter', [], [this.#handle], 0);
      this.#handle.dispose();
    }
  }
}

/** @throws UserError TENSORBOARD_NEEDS_TENSORFLOW if this engine cannot write event files */
export function checkTensorBoard(engine: EngineName): void {
  if (engine === 'tensorflow') return;
  throw new UserError({
    code: 'TENSORBOARD_NEEDS_TENSORFLOW',
    given: `TensorBoard with the engine ${engine}`,
    expected: 'the engine tensorflow, whose library writes the event files',
    remedy: 'Install it with: yarn engine install, and use it. Or sweep without TensorBoard.',
  });
}

function summaryBackend(): SummaryBackend {
  return tensorFlowBackend() as unknown as SummaryBackend;
}

import { freemem } from 'node:os';

/** Evaluation holds embeddings that a measurement of steps does not see. */
const reserve = 1.25;

/** Memory that a worker is expected to need, from what one has needed for a few steps. */
export function expectedWorkerBytes(measuredBytes: number): number {
  return measuredBytes * reserve;
}

/**
 * How many of the workers fit into memory, at least one, so that they do not swap.
 *
 * @param workerBytes what one needs; one of them is running already
 * @param free bytes that are not in use. Default: this machine's now
 */
export function workersThatFit(workers: number, workerBytes: number, free: number = freemem()): number {
  if (workerBytes === 0) return workers;
  return Math.max(1, Math.min(workers, 1 + Math.floor(free / workerBytes)));
}

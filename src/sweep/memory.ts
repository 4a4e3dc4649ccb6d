import { freemem } from 'node:os';

/**
 * How many of the workers fit into memory, at least one, so that they do not swap.
 *
 * @param workerBytes what one needs; the first, which has just started, needs hardly anything yet
 * @param free bytes that are not in use. Default: this machine's now
 */
export function workersThatFit(workers: number, workerBytes: number, free: number = freemem()): number {
  return Math.max(1, Math.min(workers, Math.floor(free / workerBytes)));
}

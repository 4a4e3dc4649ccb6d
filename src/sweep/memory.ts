/**
 * How many of the workers fit into memory, at least one, so that they do not swap.
 *
 * @param workerBytes what one needs
 * @param free bytes that were not in use before the first started
 */
export function workersThatFit(workers: number, workerBytes: number, free: number): number {
  return Math.max(1, Math.min(workers, Math.floor(free / workerBytes)));
}

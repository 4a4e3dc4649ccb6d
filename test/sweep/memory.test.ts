import { expect, it } from 'vitest';
import { workersThatFit } from '../../src/sweep/memory.ts';

it.each([
  [4, 2, 8, 4],
  [4, 2, 7.9, 3],
  [4, 2, 0, 1],
  [1, 100, 1, 1],
])('of %d workers of %d GB with %d GB free, %d fit', (workers, each, free, fit) => {
  expect(workersThatFit(workers, each * 1e9, free * 1e9)).toBe(fit);
});

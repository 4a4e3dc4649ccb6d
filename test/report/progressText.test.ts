import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellCounts, shareDone, times } from '../../src/report/progressText.ts';
import type { SweepProgress } from '../../src/sweep/progress.ts';

const sweep: SweepProgress = { total: 10, reused: 0, done: 0, failed: 0, running: [], elapsedSeconds: 0 };

test('cellCounts names what there is', () => {
  expect(cellCounts(sweep)).toBe('0 of 10 cells');
  expect(cellCounts({ ...sweep, total: 1, done: 1 })).toBe('1 of 1 cell');
  expect(cellCounts({ ...sweep, reused: 3, done: 2, failed: 1 })).toBe(
    '5 of 10 cells · 3 of them from before · 1 failed',
  );
});

test('times has an estimate only once there is one', () => {
  expect(times({ ...sweep, elapsedSeconds: 65.4 })).toBe('1 min 05 s');
  expect(times({ ...sweep, elapsedSeconds: 65.4, remainingSeconds: 3.2 })).toBe('1 min 05 s, about 3 s left');
});

describe('shareDone', () => {
  test('without an estimate it is the share of the cells', () => {
    expect(shareDone({ ...sweep, reused: 2, done: 2, failed: 1 })).toBe(0.5);
  });

  test('with an estimate, cells from before count at once and the others by their time', () => {
    expect(shareDone({ ...sweep, reused: 5, elapsedSeconds: 30, remainingSeconds: 10 })).toBe(0.5 + 0.5 * 0.75);
  });

  test('a sweep in which nothing is left is done', () => {
    expect(shareDone({ ...sweep, total: 0 })).toBe(1);
    expect(shareDone({ ...sweep, reused: 10, remainingSeconds: 0 })).toBe(1);
  });

  test('the shortest time that a number can hold is no more than the whole', () => {
    expect(shareDone({ ...sweep, total: 3, reused: 1, elapsedSeconds: 5e-324, remainingSeconds: 0 })).toBe(1);
  });

  test('is always a share', () => {
    const seconds = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.nat(50),
        fc.nat(50),
        seconds,
        fc.option(seconds, { nil: undefined }),
        (reused, done, rest, elapsed, remaining) => {
          const share = shareDone({
            ...sweep,
            total: reused + done + rest,
            reused,
            done,
            elapsedSeconds: elapsed,
            ...(remaining !== undefined && { remainingSeconds: remaining }),
          });
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

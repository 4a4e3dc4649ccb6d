import { expect, test } from 'vitest';
import { formatDuration } from '../../src/report/duration.ts';

test.each([
  [0, '0 s'],
  [0.04, '0 s'],
  [0.44, '0.4 s'],
  [3, '3 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min 00 s'],
  [65, '1 min 05 s'],
  [3599.4, '59 min 59 s'],
  [3599.6, '1 h 00 min'],
  [7500, '2 h 05 min'],
  [360_000, '100 h 00 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

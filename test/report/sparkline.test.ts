import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sparkline } from '../../src/report/sparkline.ts';

test('runs from the least to the greatest value', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
  expect(sparkline([7, 0, 7])).toBe('█▁█');
});

test('a constant is flat, and nothing is nothing', () => {
  expect(sparkline([5, 5, 5])).toBe('▁▁▁');
  expect(sparkline([])).toBe('');
});

test('values that are not finite are shown and do not spoil the scale', () => {
  expect(sparkline([0, Number.NaN, 7, Number.POSITIVE_INFINITY])).toBe('▁×█×');
  expect(sparkline([Number.NaN])).toBe('×');
});

test('longer series are averaged in stretches, and each value counts', () => {
  expect(sparkline([0, 0, 7, 7, 3, 4], 3)).toBe('▁█▅');
  const values = Array.from({ length: 1001 }, () => 1);
  for (let i = 0; i < values.length; i += 50) {
    expect(sparkline(values.with(i, Number.NaN), 40)).toContain('×');
  }
});

test('never takes more room than it may', () => {
  fc.assert(
    fc.property(fc.array(fc.float(), { maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (values, width) => {
      expect(sparkline(values, width)).toMatch(new RegExp(`^[▁-█×]{${Math.min(width, values.length)}}$`));
    }),
  );
});

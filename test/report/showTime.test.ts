import fc from 'fast-check';
import { expect, test } from 'vitest';
import { showTime } from '../../src/report/showTime.ts';

test('is to the minute, without letters', () => {
  expect(showTime('2026-11-21T06:54:59.999Z')).toBe('2026-11-21 06:54');
});

test('is empty for what has not begun', () => {
  expect(showTime(undefined)).toBe('');
});

test('is in UTC, wherever it is read', () => {
  const date = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(date, (time) => {
      const two = (value: number) => String(value).padStart(2, '0');
      const day = `${String(time.getUTCFullYear()).padStart(4, '0')}-${two(time.getUTCMonth() + 1)}-${two(time.getUTCDate())}`;
      expect(showTime(time.toISOString())).toBe(`${day} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`);
    }),
  );
});

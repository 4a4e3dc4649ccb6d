import { expect, test } from 'vitest';
import { differingSettings, flattenSettings } from '../../src/report/settings.ts';

test('flattenSettings names the leaves by their paths; lists and null are leaves', () => {
  expect([...flattenSettings({ a: 1, b: { c: [1, 2], d: { e: null } }, f: {} })]).toEqual([
    ['a', 1],
    ['b.c', [1, 2]],
    ['b.d.e', null],
  ]);
});

test('differingSettings gives what differs and what only one side has', () => {
  const a = { same: [1, 2], changed: { x: 1, y: 2 }, gone: 'here' };
  const b = { same: [1, 2], changed: { x: 1, y: 3 }, added: false };
  expect(differingSettings(a, b)).toEqual([
    { path: 'changed.y', a: 2, b: 3 },
    { path: 'gone', a: 'here', b: undefined },
    { path: 'added', a: undefined, b: false },
  ]);
  expect(differingSettings(a, structuredClone(a))).toEqual([]);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Cache } from '../../src/sweep/cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'contrafit-cache-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('Cache', () => {
  const fileOf = (kind: string) => join(folder, kind, readdirSync(join(folder, kind))[0] as string);
  const counting = () => {
    let calls = 0;
    return { calls: () => calls, compute: async () => ({ data: Float32Array.of(1, ++calls), names: ['a'] }) };
  };

  it('computes once and gives typed arrays back', async () => {
    const cache = new Cache(folder);
    const { calls, compute } = counting();
    expect(cache.has('plain', { a: 1 })).toBe(false);
    await cache.get('plain', { a: 1, b: 2 }, compute);
    expect(await cache.get('plain', { b: 2, a: 1 }, compute)).toEqual({ data: Float32Array.of(1, 1), names: ['a'] });
    expect(calls()).toBe(1);
    await cache.get('plain', { a: 2 }, compute);
    expect(calls()).toBe(2);
  });

  it.each(['cut off', 'changed', 'emptied'])('computes again what was %s', async (damage) => {
    const cache = new Cache(folder);
    const { calls, compute } = counting();
    await cache.get(damage, 1, compute);
    const file = fileOf(damage);
    if (damage === 'changed') {
      const bytes = readFileSync(file);
      bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    } else truncateSync(file, damage === 'cut off' ? 40 : 0);
    await cache.get(damage, 1, compute);
    expect(calls()).toBe(2);
    await cache.get(damage, 1, compute);
    expect(calls()).toBe(2);
  });

  it('keeps nothing of a computation that failed', async () => {
    const cache = new Cache(folder);
    await expect(cache.get('failing', 1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(cache.has('failing', 1)).toBe(false);
  });
});

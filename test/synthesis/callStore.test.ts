import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CallOrigin, CallStore } from '../../src/synthesis/callStore.ts';
import type { Keep } from '../../src/synthesis/completion.ts';
import { outputFolder } from './runSynthesis.ts';

const origin: CallOrigin = {
  prompts: [{ name: 'labels', version: 1, sha256: 'ab' }],
  request: { model: 'teller', messages: [{ role: 'user', content: 'What?' }], temperature: 0.5 },
};
const completion = { content: '{}', finish: 'stop', usage: { prompt: 3, completion: 1 } };

/** Counts how often it is asked. */
function counting() {
  let asked = 0;
  return {
    complete: async (keep: Keep) => {
      asked++;
      await keep(completion);
      return completion;
    },
    asked: () => asked,
  };
}

describe('CallStore', () => {
  it('asks once, in this process and in the next', async () => {
    const folder = outputFolder();
    const { complete, asked } = counting();
    const first = await new CallStore(folder).get(origin, complete);
    expect(first).toMatchObject({ completion, kept: false });
    expect(await new CallStore(folder).get(origin, complete)).toEqual({ ...first, kept: true });
    expect(asked()).toBe(1);
  });

  it('asks once for the same call at the same time', async () => {
    const { complete, asked } = counting();
    const store = new CallStore(outputFolder());
    const both = await Promise.all([store.get(origin, complete), store.get(origin, complete)]);
    expect(both.map(({ kept }) => kept)).toEqual([false, true]);
    expect(asked()).toBe(1);
  });

  it.each<[string, CallOrigin]>([
    ['another text of the prompt', { ...origin, prompts: [{ name: 'labels', version: 1, sha256: 'cd' }] }],
    ['another version', { ...origin, prompts: [{ name: 'labels', version: 2, sha256: 'ab' }] }],
    ['another model', { ...origin, request: { ...origin.request, model: 'other' } }],
    ['another temperature', { ...origin, request: { ...origin.request, temperature: 0.6 } }],
    ['a seed', { ...origin, request: { ...origin.request, seed: 0 } }],
  ])('asks again with %s', async (_, other) => {
    const { complete, asked } = counting();
    const store = new CallStore(outputFolder());
    await store.get(origin, complete);
    await store.get(other, complete);
    expect(asked()).toBe(2);
  });

  it('keeps nothing of a call that failed, and asks again', async () => {
    const folder = outputFolder();
    const { complete, asked } = counting();
    const store = new CallStore(folder);
    await expect(store.get(origin, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(readdirSync(folder)).toEqual([]);
    await store.get(origin, complete);
    expect(asked()).toBe(1);
  });

  it('writes what a person can read, and leaves nothing else behind', async () => {
    const folder = outputFolder();
    const { id } = await new CallStore(folder).get(origin, counting().complete);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(files.toSorted()).toEqual([id.slice(0, 2), join(id.slice(0, 2), `${id}.json`)]);
    const stored = JSON.parse(readFileSync(join(folder, id.slice(0, 2), `${id}.json`), 'utf8'));
    expect(stored).toEqual({ ...origin, completion });
  });
});

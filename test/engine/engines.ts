import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe } from 'vitest';
import { type EngineName, startEngine } from '../../src/engine/engine.ts';
import { nativeInstalled } from '../../src/engine/native/places.ts';

/** The engines that work here; CI has both. */
export const availableEngines: readonly EngineName[] = nativeInstalled() ? ['tensorflow', 'wasm'] : ['wasm'];

/** Starts an engine (float32, all cores), or switches to it if it was started before. */
export async function useEngine(engine: EngineName): Promise<void> {
  await startEngine({ engine, precision: 'float32', threads: 0 });
}

/**
 * A suite that runs once on each available engine, e.g.
 * `onEachEngine('softmax', (engine) => { it('sums to 1', …); })`. The engine is current in each test and in the
 * suite's own hooks, not while its tests are collected: tensors are made in them.
 */
export function onEachEngine(name: string, suite: (engine: EngineName) => void): void {
  describe.each(availableEngines)(`${name} (%s)`, (engine) => {
    beforeAll(() => useEngine(engine));
    suite(engine);
  });
}

/** The number of tensors that live after `work`, less those before: 0 if it leaks none. */
export function leakedTensors(work: () => void): number {
  const before = tf.memory().numTensors;
  work();
  return tf.memory().numTensors - before;
}

/** The same for work that takes its time. */
export async function leakedTensorsOf(work: () => Promise<unknown>): Promise<number> {
  const before = tf.memory().numTensors;
  await work();
  return tf.memory().numTensors - before;
}

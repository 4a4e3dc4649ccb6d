import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, onTestFinished } from 'vitest';
import { train } from '../../src/training/trainer.ts';
import { onEachEngine } from '../engine/engines.ts';
import { tinyTraining } from './tinyTraining.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A copy of the weights forgotten in each step, 31 thousand numbers, would come to 50 MB. */
const tolerance = 32 * 2 ** 20;

onEachEngine('500 steps', () => {
  it('need no more tensors and no more memory than 100', { timeout: 400_000 }, async () => {
    const training = await tinyTraining({ training: { steps: 500, conflictEvery: 50, validateEvery: 0 } });
    onTestFinished(training.dispose);
    const tensors = new Set<number>();
    const resident: number[] = [];
    await train({
      ...training,
      onStep: ({ step }) => {
        tensors.add(tf.memory().numTensors);
        if (step % 100 > 0) return;
        collectGarbage();
        resident.push(process.memoryUsage().rss);
      },
    });
    expect(tensors.size).toBe(1);
    const [first = 0, ...later] = resident;
    expect(later).toHaveLength(4);
    expect(Math.max(...later) - first).toBeLessThan(tolerance);
  });
});

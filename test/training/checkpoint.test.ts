import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, expect, it } from 'vitest';
import { Checkpoint } from '../../src/training/checkpoint.ts';
import { leakedTensors, onEachEngine } from '../engine/engines.ts';

onEachEngine('Checkpoint', () => {
  let variables: Map<string, tf.Variable>;
  beforeEach(() => {
    variables = new Map<string, tf.Variable>([
      ['weight', tf.variable(tf.tensor2d([[1, 2]]))],
      ['bias', tf.variable(tf.tensor1d([3]))],
    ]);
  });
  const values = () => [...variables.values()].flatMap((variable) => [...variable.dataSync()]);
  const add = (x: number) => {
    for (const variable of variables.values()) tf.tidy(() => variable.assign(tf.add(variable, x)));
  };

  it('starts with the weights of its making and restores them', () => {
    const checkpoint = new Checkpoint(variables);
    expect([checkpoint.step, checkpoint.score]).toEqual([0, Number.NEGATIVE_INFINITY]);
    add(1);
    expect(values()).toEqual([2, 3, 4]);
    checkpoint.restore();
    expect(values()).toEqual([1, 2, 3]);
  });

  it('restores what was taken last, as often as it is asked', () => {
    const checkpoint = new Checkpoint(variables);
    add(1);
    checkpoint.take(7, 0.5);
    for (let i = 0; i < 2; i++) {
      add(10);
      checkpoint.restore();
      expect(values()).toEqual([2, 3, 4]);
    }
    expect([checkpoint.step, checkpoint.score]).toEqual([7, 0.5]);
  });

  it('leaves the weights alone when it is disposed, and no tensor behind', () => {
    const leaked = leakedTensors(() => {
      const checkpoint = new Checkpoint(variables);
      add(1);
      checkpoint.take(1, 0);
      add(1);
      checkpoint.restore();
      checkpoint.dispose();
    });
    expect(leaked).toBe(0);
    expect(values()).toEqual([2, 3, 4]);
  });
});

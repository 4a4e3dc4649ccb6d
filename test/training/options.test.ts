import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { trainingSchema } from '../../src/training/options.ts';

const pathsOf = (options: object): string[] => {
  const parsed = trainingSchema.safeParse(options);
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'));
};

describe('trainingSchema', () => {
  it('asks for nothing but a length and fills in the rest', () => {
    const expected: z.output<typeof trainingSchema> = {
      steps: 10,
      learningRate: 1e-4,
      warmup: 0.1,
      schedule: 'linear',
      weightDecay: 0.01,
      clipNorm: 1,
      accumulate: 1,
      freeze: { wordEmbeddings: false, layers: 0 },
      validateEvery: 0,
      conflictEvery: 25,
      stopWhen: {},
      lora: null,
      monitor: 'knn.macroF1',
      checkpoint: 'last',
      save: true,
    };
    expect(trainingSchema.parse({ steps: 10 })).toEqual(expected);
    expect(trainingSchema.parse(expected)).toEqual(expected);
  });

  it.each([
    [{}, 'steps'],
    [{ steps: 1, epochs: 1 }, 'steps'],
    [{ steps: 0 }, 'steps'],
    [{ steps: 1.5 }, 'steps'],
    [{ epochs: 0 }, 'epochs'],
    [{ steps: 1, learningRate: 0 }, 'learningRate'],
    [{ steps: 1, headLearningRate: -1 }, 'headLearningRate'],
    [{ steps: 1, learningRate: Number.POSITIVE_INFINITY }, 'learningRate'],
    [{ steps: 1, warmup: 1.1 }, 'warmup'],
    [{ steps: 1, schedule: 'step' }, 'schedule'],
    [{ steps: 1, accumulate: 0 }, 'accumulate'],
    [{ steps: 1, dropout: 1 }, 'dropout'],
    [{ steps: 1, clipNorm: -1 }, 'clipNorm'],
    [{ steps: 1, validateEvery: 5, stopWhen: { deltaEmb: 0 } }, 'stopWhen.deltaEmb'],
    [{ steps: 1, validateEvery: 5, stopWhen: { patience: 0 } }, 'stopWhen.patience'],
  ])('refuses %j at %s', (options, path) => {
    expect(pathsOf(options)).toEqual([path]);
  });

  it.each([{ deltaEmb: 0.02 }, { patience: 2 }])('wants validations for stopWhen %j', (stopWhen) => {
    expect(pathsOf({ steps: 10, stopWhen })).toEqual(['validateEvery']);
    expect(pathsOf({ steps: 10, stopWhen, validateEvery: 5 })).toEqual([]);
  });

  it('refuses an option that it does not know', () => {
    expect(trainingSchema.safeParse({ steps: 10, learningrate: 1 }).success).toBe(false);
    expect(trainingSchema.safeParse({ steps: 10, validateEvery: 1, stopWhen: { loss: 1 } }).success).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { loadCorpus } from '../../src/data/corpus.ts';
import type { Cell } from '../../src/sweep/cells.ts';
import { settingsSchema } from '../../src/sweep/experiment.ts';
import { Pace, secondsFor, workloadOf } from '../../src/sweep/workload.ts';

type SettingsInput = z.input<typeof settingsSchema>;

const corpus = await loadCorpus({ source: 'embedded', exclude: [] }, { dataFolder: '' });
const [train, validation, test] = [corpus.train, corpus.validation, corpus.test].map(({ labels }) => labels.length) as [
  number,
  number,
  number,
];

function cellOf(training: SettingsInput['training'], evaluation: SettingsInput['evaluation'] = {}): Cell {
  const sampler = { kind: 'mPerClass' } as const;
  const parsed = settingsSchema.parse({ objective: { supCon: {} }, sampler, training, evaluation });
  return { id: 'a', kind: 'retrofit', axes: {}, seed: 1, settings: { ...parsed, precision: 'float32' } };
}

describe('workloadOf', () => {
  it.each([
    [{ steps: 10 }, 10, 0],
    [{ epochs: 2.5 }, 20, 0],
    [{ steps: 10, checkpoint: 'best' }, 10, 1],
    [{ steps: 10, validateEvery: 5 }, 10, 2],
    [{ steps: 11, validateEvery: 5 }, 11, 3],
    [{ steps: 3, validateEvery: 5, checkpoint: 'best' }, 3, 1],
  ] as const)('of %j is %i steps, an evaluation and %i validations', (training, steps, validations) => {
    const texts = train + test + validations * validation;
    expect(workloadOf(cellOf(training), corpus, 8)).toEqual({ steps, texts, extraSteps: 0 });
  });

  it('embeds no more references than asked for, and no more than there are', () => {
    expect(workloadOf(cellOf({ steps: 1 }, { references: 100 }), corpus, 8).texts).toBe(100 + test);
    expect(workloadOf(cellOf({ steps: 1 }, { references: 1e6 }), corpus, 8).texts).toBe(train + test);
  });

  it('counts fine-tuning in steps of the training, for the original too', () => {
    // 64 texts a step; three times the training texts of the task, and its test texts once.
    const evaluation = { downstream: { fineTuning: { epochs: 3 } } };
    const cell = cellOf({ steps: 1 }, evaluation);
    const own = { texts: train + test, extraSteps: (3 * train) / 64 };
    expect(workloadOf(cell, corpus, 8, [corpus])).toEqual({
      steps: 1,
      texts: own.texts + train + 2 * test,
      extraSteps: own.extraSteps,
    });
    const original = { ...cell, kind: 'original', seed: null } as const;
    expect(workloadOf(original, corpus, 8, [corpus])).toEqual({ steps: 0, texts: test, extraSteps: own.extraSteps });
  });

  it('is nothing for the original, whose embeddings are shared', () => {
    const cell = { ...cellOf({ steps: 10, validateEvery: 1 }), kind: 'original', seed: null } as const;
    expect(workloadOf(cell, corpus, 8)).toEqual({ steps: 0, texts: 0, extraSteps: 0 });
  });
});

describe('secondsFor', () => {
  it('adds up steps and texts', () => {
    const rates = { secondsPerStep: 0.5, textsPerSecond: 20 };
    expect(secondsFor({ steps: 10, texts: 100, extraSteps: 0 }, rates)).toBe(10);
    expect(secondsFor({ steps: 0, texts: 0, extraSteps: 0 }, rates)).toBe(0);
    expect(secondsFor({ steps: 1, texts: 0, extraSteps: 3 }, rates)).toBe(2);
    expect(
      secondsFor({ steps: 4, texts: 100, extraSteps: 0 }, { ...rates, textsPerSecond: Number.POSITIVE_INFINITY }),
    ).toBe(2);
  });
});

describe('Pace', () => {
  it('says nothing before some of it is done', () => {
    const pace = new Pace(100);
    expect(pace.remainingSeconds(1000)).toBeUndefined();
    pace.progress(0, 0.2);
    pace.progress(1, 0.3);
    expect(pace.remainingSeconds(1000)).toBeUndefined();
    pace.progress(1, 3.8);
    expect(pace.remainingSeconds(4)).toBeUndefined();
    expect(pace.remainingSeconds(10)).toBe(240);
  });

  it('goes by what was done in the time that passed', () => {
    const pace = new Pace(100);
    pace.finish(0, 15);
    pace.progress(1, 5);
    pace.progress(0, 3);
    pace.progress(0, 5);
    // 25 estimated seconds took 50.
    expect(pace.remainingSeconds(50)).toBe(150);
  });

  it('counts a finished job once, whatever it had reported', () => {
    const pace = new Pace(100);
    pace.progress(0, 30);
    pace.finish(0, 50);
    expect(pace.remainingSeconds(50)).toBe(50);
  });

  it('is unknown where there is nothing to do', () => {
    expect(new Pace(0).remainingSeconds(5)).toBeUndefined();
  });

  it('is 0 at the end and never negative', () => {
    const seconds = fc.float({ min: 5, max: 1000, noNaN: true });
    fc.assert(
      fc.property(fc.array(seconds, { minLength: 1 }), seconds, seconds, (jobs, elapsed, more) => {
        const pace = new Pace(jobs.reduce((sum, job) => sum + job, 0));
        for (const [i, job] of jobs.entries()) {
          expect(pace.remainingSeconds(elapsed) ?? 0).toBeGreaterThanOrEqual(0);
          pace.progress(i % 2, job);
          pace.finish(i % 2, job);
        }
        expect(pace.remainingSeconds(elapsed)).toBe(0);
        pace.progress(0, more);
        expect(pace.remainingSeconds(elapsed)).toBe(0);
      }),
    );
  });
});

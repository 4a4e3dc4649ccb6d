import { expect, it } from 'vitest';
import { agentWords } from '../../src/cli/agentWords.ts';

const plain = {
  ...{ file: 'a.ts', engine: 'auto' as const, out: 'results', smoke: false, dryRun: false, fresh: false },
  ...{ stopOnFailure: false, wandbSweep: true, tensorboard: false, json: false },
};

it('leaves out what is not said, and what is not about one cell', () => {
  expect(agentWords(plain)).toEqual(['--engine', 'auto', '--out', 'results']);
  const whole = { ...plain, seeds: '1..5', dryRun: true, fresh: true, stopOnFailure: true, json: true };
  expect(agentWords(whole)).toEqual(['--engine', 'auto', '--out', 'results']);
});

it('keeps all that makes it the same experiment', () => {
  const words = agentWords({
    ...plain,
    ...{ set: ['pooling=mean', 'training.steps=[1, 2]'], encoder: 'mini', data: 'sst2', tasks: 'sst2,emotion' },
    ...{
      precision: 'float32',
      workers: 2,
      out: 'my results',
      smoke: true,
      tensorboard: true,
      wandb: 'online' as const,
    },
  });
  expect(words).toEqual([
    ...['--set', 'pooling=mean', '--set', 'training.steps=[1, 2]', '--encoder', 'mini', '--data', 'sst2'],
    ...['--tasks', 'sst2,emotion', '--precision', 'float32', '--smoke', '--engine', 'auto', '--workers', '2'],
    ...['--out', 'my results', '--tensorboard', '--wandb', 'online'],
  ]);
});

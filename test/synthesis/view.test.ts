import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { answersExpected, ProgressCounter, type SynthesisProgress } from '../../src/synthesis/progress.ts';
import { createSynthesisView, progressText } from '../../src/synthesis/view.ts';
import { FakeTerminal } from '../report/fakeTerminal.ts';

describe('ProgressCounter', () => {
  it('guesses better the more it has seen', () => {
    const told: SynthesisProgress[] = [];
    let seconds = 0;
    const view = { update: (progress: SynthesisProgress) => told.push(progress), stop: () => {} };
    const counter = new ProgressCounter(view, () => 1000 * seconds, { narratives: 4, characters: 3, rounds: 2 });
    counter.beginRound();
    expect(told.at(-1)).toMatchObject({ round: 1, rounds: 2, answers: 0, expected: 4 * (1 + 3 * 41) });
    expect(told.at(-1)).not.toHaveProperty('remainingSeconds');
    seconds = 10;
    counter.called(false);
    counter.answered('characters');
    expect(told.at(-1)).toMatchObject({ elapsedSeconds: 10, remainingSeconds: (4 * (1 + 3 * 41) - 1) * 10 });
    // One character instead of three, and half of the utterances are taken.
    counter.called(true);
    counter.answered('utterances');
    counter.decided(10, 5);
    counter.retrying('no answer in 2 s');
    expect(told.at(-1)).toMatchObject({ expected: 4 * (1 + 1 + 10 + 15), kept: 1, retries: 1 });
    counter.finished(5);
    counter.beginRound();
    expect(told.at(-1)).toMatchObject({ round: 2, accepted: 5 });
  });
});

it.each([
  [1, 1, 1, 42],
  [3, 4, 1, 495],
  [3, 4, 0, 135],
])('%i narratives of %i characters need, if %d of all is accepted, %i answers', (narratives, characters, share, expected) => {
  expect(answersExpected(narratives, characters, share)).toBe(expected);
});

const progress: SynthesisProgress = {
  ...{ round: 2, rounds: 11, answers: 345, expected: 1900, kept: 120, made: 225, accepted: 88, retries: 0 },
  ...{ elapsedSeconds: 65, remainingSeconds: 240 },
};

describe('progressText', () => {
  it('has everything that is known', () => {
    expect(progressText(progress)).toBe(
      'round 2 of 11 · 345 of about 1,900 answers · 120 from before · 88 utterances · 1 min 05 s, about 4 min 00 s left',
    );
  });

  it('says what goes wrong', () => {
    const { remainingSeconds: _, ...early } = progress;
    expect(progressText({ ...early, kept: 0, retries: 2, retryReason: 'fault 500' })).toBe(
      'round 2 of 11 · 345 of about 1,900 answers · 88 utterances · 1 min 05 s · 2 tried again (fault 500)',
    );
  });
});

describe('the view', () => {
  it('is one line on a terminal, no wider than it', async () => {
    const terminal = new FakeTerminal({ columns: 60, rows: 20 });
    const view = createSynthesisView(terminal);
    view.update(progress);
    view.update({ ...progress, elapsedSeconds: 66, answers: 346 });
    expect(terminal.text).toBe(progressText({ ...progress, elapsedSeconds: 66, answers: 346 }).slice(0, 59));
    view.stop();
    expect(terminal.text).toBe('');
    expect(terminal.wraps).toBe(0);
  });

  it('is a line now and then elsewhere', () => {
    const pipe = new PassThrough({ encoding: 'utf8' });
    const view = createSynthesisView(pipe);
    for (const elapsedSeconds of [1, 9, 10, 11, 19, 21]) view.update({ ...progress, elapsedSeconds });
    const lines = String(pipe.read()).trimEnd().split('\n');
    expect(lines.map((line) => /· ([\d]+) s,/.exec(line)?.[1])).toEqual(['10', '21']);
  });
});

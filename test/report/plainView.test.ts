import { expect, test } from 'vitest';
import { PlainView } from '../../src/report/plainView.ts';
import type { SweepProgress } from '../../src/sweep/progress.ts';
import { FakeTerminal } from './fakeTerminal.ts';

const sweep: SweepProgress = { total: 12, reused: 2, done: 0, failed: 0, running: [], elapsedSeconds: 0 };

test('writes a line for each finished cell at once', () => {
  const terminal = new FakeTerminal();
  const view = new PlainView(terminal);
  view.line('one');
  view.line('two');
  view.stop();
  expect(terminal.text).toBe('one\ntwo');
});

test('tells the progress every ten seconds, and the first estimate at once', () => {
  const terminal = new FakeTerminal();
  const view = new PlainView(terminal);
  for (let elapsedSeconds = 0; elapsedSeconds < 30; elapsedSeconds += 0.5) {
    view.update({ ...sweep, elapsedSeconds, ...(elapsedSeconds >= 3 && { remainingSeconds: 60 - elapsedSeconds }) });
  }
  expect(terminal.text).toMatchInlineSnapshot(`
    "  2 of 12 cells · 2 of them from before · 3 s, about 57 s left
      2 of 12 cells · 2 of them from before · 13 s, about 47 s left
      2 of 12 cells · 2 of them from before · 23 s, about 37 s left"
  `);
});

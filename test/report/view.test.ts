import { expect, test } from 'vitest';
import { LiveView } from '../../src/report/liveView.ts';
import { PlainView } from '../../src/report/plainView.ts';
import { createView } from '../../src/report/view.ts';
import { FakeTerminal } from './fakeTerminal.ts';

test('a terminal gets the live view, anything else the plain one', async () => {
  expect(await createView(new FakeTerminal(), { isTerminal: true })).toBeInstanceOf(LiveView);
  expect(await createView(new FakeTerminal(), { isTerminal: false })).toBeInstanceOf(PlainView);
});

test('a terminal without a size gets the plain view, since nothing can be drawn on it', async () => {
  expect(await createView(new FakeTerminal({ columns: 0, rows: 0 }), { isTerminal: true })).toBeInstanceOf(PlainView);
});

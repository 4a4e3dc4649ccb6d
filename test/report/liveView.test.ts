import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { LiveView } from '../../src/report/liveView.ts';
import type { JobProgress, SweepProgress } from '../../src/sweep/progress.ts';
import { FakeTerminal } from './fakeTerminal.ts';

function job(seed: number, done: number, changes: Partial<JobProgress> = {}): JobProgress {
  return {
    id: `cell${seed}`,
    label: `temperature 0.1 · seed ${seed}`,
    phase: 'training',
    done,
    total: 100,
    terms: { supCon: 3.25, vectorSpacePreservation: 0.000123 },
    ...changes,
  };
}

function progress(changes: Partial<SweepProgress>): SweepProgress {
  return { total: 12, reused: 2, done: 4, failed: 1, running: [], elapsedSeconds: 30, ...changes };
}

test('shows the whole sweep and a line for each job', () => {
  const terminal = new FakeTerminal({ columns: 120 });
  const view = new LiveView(terminal);
  view.update(progress({ running: [job(1, 50), job(2, 100, { phase: 'evaluating' })], remainingSeconds: 30 }));
  expect(terminal.text).toMatchInlineSnapshot(`
    "██████████████░░░░░░░░░░  6 of 12 cells · 2 of them from before · 2 running · 1 failed · 30 s, about 30 s left
      temperature 0.1 · seed 1  training    ██████░░░░░░    50/100  supCon 3.25  vectorSpacePreservation 1.23e-4
      temperature 0.1 · seed 2  evaluating  ████████████   100/100  supCon 3.25  vectorSpacePreservation 1.23e-4"
  `);
});

test('redraws in place, and lines that stay stand above in their order', () => {
  const terminal = new FakeTerminal({ columns: 120 });
  const view = new LiveView(terminal);
  for (let i = 0; i <= 100; i++) {
    view.update(progress({ elapsedSeconds: i, running: i < 50 ? [job(1, i), job(2, i)] : [job(2, i)] }));
    if (i % 25 === 0) view.line(`finished ${i}`);
  }
  const lines = terminal.text.split('\n');
  expect(lines.slice(0, 5)).toEqual([0, 25, 50, 75, 100].map((i) => `finished ${i}`));
  expect(lines).toHaveLength(7);
  view.stop();
  expect(terminal.text.split('\n')).toHaveLength(5);
});

test('what is written after stop begins on a line of its own', () => {
  const terminal = new FakeTerminal();
  const view = new LiveView(terminal);
  view.update(progress({ running: [job(1, 3)] }));
  view.stop();
  terminal.write('the table\n');
  expect(terminal.text).toBe('the table');
});

test('a sweep without anything to show leaves nothing', () => {
  const terminal = new FakeTerminal();
  new LiveView(terminal).stop();
  expect(terminal.text).toBe('');
});

describe.each([20, 40, 60, 80, 100, 200])('on %i columns', (columns) => {
  test.each([3, 6, 24])('and %i rows nothing wraps, and nothing scrolls away', (rows) => {
    const terminal = new FakeTerminal({ columns, rows, colours: true });
    const view = new LiveView(terminal);
    for (let i = 0; i < 30; i++) {
      const running = Array.from({ length: i % 12 }, (_, seed) => job(seed, i));
      view.update(progress({ elapsedSeconds: i, running, ...(i % 3 === 0 && { remainingSeconds: 1000 * i }) }));
    }
    expect(terminal.wraps).toBe(0);
    expect(terminal.text.split('\n').length).toBeLessThan(rows);
    expect(terminal.text).toContain('6 of 12 cells'.slice(0, columns - 2));
  });
});

test('follows the terminal when its width changes', () => {
  const terminal = new FakeTerminal({ columns: 120 });
  const view = new LiveView(terminal);
  view.update(progress({ elapsedSeconds: 1, running: [job(1, 1)] }));
  terminal.columns = 50;
  view.update(progress({ elapsedSeconds: 2, running: [job(1, 2)] }));
  expect(terminal.wraps).toBe(0);
  expect(Math.max(...terminal.text.split('\n').map((line) => line.length))).toBeLessThan(50);
});

test('draws at most ten frames a second, whatever the workers send', () => {
  const terminal = new FakeTerminal();
  let writes = 0;
  const view = new LiveView(
    Object.assign(terminal, {
      write: () => {
        writes++;
        return true;
      },
    }),
  );
  for (let i = 0; i < 5000; i++) view.update(progress({ elapsedSeconds: i / 5000, running: [job(1, i)] }));
  expect(writes).toBeLessThanOrEqual(10);
});

test('colours only where the terminal has them', () => {
  const written = (colours: boolean) => {
    const chunks: string[] = [];
    const terminal = new FakeTerminal({ colours });
    const view = new LiveView(Object.assign(terminal, { write: (chunk: string) => chunks.push(chunk) > 0 }));
    view.update(progress({ running: [job(1, 1)] }));
    return chunks.join('');
  };
  expect(written(true)).toContain('\x1b[36m');
  expect(written(false)).not.toContain('\x1b[36m');
});

/** Runs a shell command on a pseudo-terminal by script(1); its exit code is 127 where there is none. */
function onTerminal(command: string, environment: NodeJS.ProcessEnv = {}) {
  return spawnSync('sh', ['-c', 'script -qec "$COMMAND" /dev/null'], {
    encoding: 'utf8',
    env: { ...process.env, ...environment, COMMAND: command, TERM: 'xterm-256color' },
  });
}

const hasTerminal = onTerminal('true').status === 0;

test.skipIf(!hasTerminal)('on a real terminal the cursor is hidden meanwhile and comes back', () => {
  const program = `
    import { createView } from ${JSON.stringify(new URL('../../src/report/view.ts', import.meta.url).href)};
    const view = await createView(process.stdout, { isTerminal: process.stdout.isTTY });
    const sweep = { total: 3, reused: 0, done: 0, failed: 0, running: [], elapsedSeconds: 0 };
    view.update(sweep);
    view.line('finished one');
    view.update({ ...sweep, done: 1, elapsedSeconds: 1 });
    view.stop();
    console.log('the table');
  `;
  const node = `'${process.execPath}' --import tsx --input-type=module -e "$PROGRAM"`;
  const { stdout } = onTerminal(`stty rows 24 cols 80; ${node}`, { PROGRAM: program });
  const terminal = new FakeTerminal();
  terminal.write(stdout);
  expect(stripVTControlCharacters(stdout)).toContain('1 of 3 cells');
  expect(terminal.text).toBe('finished one\nthe table');
  expect(stdout.lastIndexOf('\x1b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\x1b[?25l'));
  expect(stdout.lastIndexOf('\x1b[?25l')).toBeGreaterThan(-1);
});

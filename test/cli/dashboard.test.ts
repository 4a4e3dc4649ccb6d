import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { writeMadeUpResults } from '../report/madeUpResults.ts';
import { root, scratchFolder, until } from './command.ts';

const scratch = scratchFolder();

/** Starts `yarn dashboard`; it ends with the test at the latest. */
function dashboard(context: TestContext, args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/dashboard.ts', ...args], { cwd: root });
  context.onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, printed, code };
}

const address = (printed: { readonly stdout: string }) => until(() => /http:\S+/.exec(printed.stdout)?.[0]);

describe('yarn dashboard', () => {
  test('serves the page on loopback until it is interrupted', async (context) => {
    const { child, printed, code } = dashboard(context, [await writeMadeUpResults(), '--port', '0']);
    const url = await address(printed);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(printed.stdout).toContain('1 experiment in');
    const page = await fetch(url);
    expect(await page.text()).toMatch(/<script type="module"[^>]*src="\.\/assets\//);
    expect((await fetch(`${url}api/experiments`)).status).toBe(200);
    child.kill('SIGINT');
    expect(await code).toBe(0);
    expect(printed.stderr).toBe('');
  });

  test('ends although somebody looks at it', async (context) => {
    const { child, printed, code } = dashboard(context, [await writeMadeUpResults(), '--port', '0']);
    const updates = await fetch(`${await address(printed)}api/experiments/made-up/updates`);
    expect(updates.headers.get('content-type')).toContain('text/event-stream');
    child.kill('SIGTERM');
    expect(await code).toBe(0);
    await updates.text().catch(() => {});
  });

  test('beyond loopback has a token in its address', async (context) => {
    const { printed } = dashboard(context, [await writeMadeUpResults(), '--port', '0', '--host', '0.0.0.0']);
    const url = await address(printed);
    // By a name that others can call it by.
    const own = new URL(url);
    expect(own.hostname).toBe(hostname().toLowerCase());
    expect(own.search).toMatch(/^\?token=[0-9a-f]{32}$/);
    const origin = `http://127.0.0.1:${own.port}`;
    expect((await fetch(origin)).status).toBe(401);
    expect((await fetch(`${origin}/${own.search}`, { redirect: 'manual' })).status).toBe(302);
  });

  test('an empty results folder is no mistake', async (context) => {
    const folder = join(scratch, 'empty');
    mkdirSync(folder);
    const { printed } = dashboard(context, [folder, '--port', '0']);
    await address(printed);
    expect(printed.stdout).toContain('0 experiments');
  });

  test('says what is wrong in one line, and where help is', async (context) => {
    const taken = createServer().listen(0, '127.0.0.1');
    context.onTestFinished(() => void taken.close());
    await until(() => taken.listening);
    const { port } = taken.address() as { port: number };
    const results = await writeMadeUpResults();
    const cases: [args: string[], code: string][] = [
      [[join(scratch, 'nothing')], 'RESULTS_NOT_FOUND'],
      [[results, '--port', String(port)], 'PORT_TAKEN'],
      [[results, '--port', '65536'], 'PORT_INVALID'],
      [[results, '--port', 'seven'], 'PORT_INVALID'],
      [[results, '--port', '-1'], 'PORT_INVALID'],
      [[results, '--host', '203.0.113.7'], 'HOST_UNKNOWN'],
      [[results, '--host', 'no-such-host.invalid'], 'HOST_UNKNOWN'],
      [[results, '--porte', '1'], 'USAGE'],
      [[results, 'another'], 'USAGE'],
    ];
    for (const [args, expected] of cases) {
      const { printed, code } = dashboard(context, args);
      expect(await code, args.join(' ')).toBe(2);
      expect(printed.stderr).toContain(expected);
      expect(printed.stderr.trim().split('\n')).toHaveLength(1);
    }
  });
});

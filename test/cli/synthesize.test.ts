import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stream } from '../../src/random.ts';
import { CompletionServer, serverKey } from '../synthesis/completionServer.ts';
import { everyFault } from '../synthesis/faults.ts';
import { expectedFolder, outputFolder, outputIn, requestIn, storedRequests } from '../synthesis/runSynthesis.ts';
import { narrativesFile } from '../synthesis/stories.ts';
import { until } from './command.ts';

const root = new URL('../..', import.meta.url).pathname;

let server: CompletionServer;
let address: string;
let folder: string;

beforeEach(async () => {
  server = new CompletionServer();
  address = await server.start();
  folder = outputFolder();
});

afterEach(() => server.stop());

/** The command that makes the expected corpus. */
const making = (deadline = 20) => [
  ...['--model', 'story-teller', '--narratives', narrativesFile, '--round', '1', '--out', folder],
  ...['--endpoint', address, '--deadline', String(deadline), '--price-input', '1', '--price-output', '3'],
];

interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Started {
  const { PATH, LD_LIBRARY_PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/synthesize.ts', ...args], {
    cwd: root,
    env: { PATH, LD_LIBRARY_PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const finished = new Promise<number | null>((done, fail) => child.once('close', done).once('error', fail));
  return { child, finished: finished.then((code) => ({ code, ...output })) };
}

const run = (args: readonly string[], environment?: NodeJS.ProcessEnv) => start(args, environment).finished;

describe('yarn synthesize', () => {
  it('comes to the same bytes after kills at random moments, and repeats no answer that was kept', {
    timeout: 300_000,
  }, async () => {
    server.faults = everyFault;
    server.latencySeed = 1;
    const random = stream(20261122, 'kills');
    for (let kill = 0; kill < 5; kill++) {
      const keptBefore = storedRequests(folder);
      const from = server.requests.length;
      const { child, finished } = start(making(5));
      const moment = from + 1 + random.integer(35);
      await until(() => child.exitCode !== null || server.requests.length >= moment);
      await setTimeout(random.integer(30));
      child.kill('SIGKILL');
      expect((await finished).code).toBeNull();
      for (const { body } of server.requests.slice(from)) expect(keptBefore.has(requestIn(body))).toBe(false);
    }
    const kept = storedRequests(folder);
    const from = server.requests.length;
    expect(kept.size).toBeGreaterThan(20);
    const { code, stderr } = await run(making(5));
    expect([code, stderr]).toEqual([0, '']);
    for (const { body } of server.requests.slice(from)) expect(kept.has(requestIn(body))).toBe(false);
    expect(outputIn(folder)).toEqual(outputIn(expectedFolder));

    const answered = server.requests.filter(({ status }) => status === 200).map(({ body }) => body);
    // An answer that was under way when the process was killed may be asked for again, one for each of four calls at a time.
    expect(answered.length - new Set(answered).size).toBeLessThanOrEqual(5 * 4);
  });

  it('tells what it did and what comes next', async () => {
    server.faults = everyFault.filter(({ answers, stage }) => answers || stage === 'context');
    const { code, stdout, stderr } = await run(making(), { OPENAI_API_KEY: serverKey });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^labels +40 +38 +0 +refused 1, schema 1$/m);
    expect(stdout).toMatch(/^33 utterances in \d+ of 28 classes; rejected: near-duplicate 1, no label 1\./m);
    expect(stdout).toContain('cost 0.048051');
    expect(stdout).toContain(`review ${join(folder, 'labels-to-review.json')}`);
    expect(stdout).toContain(`--data ${join(folder, 'contextless')}`);
    expect(stdout).not.toContain(serverKey);
    const made = server.requests.length;
    const json = await run([...making(), '--json']);
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')));
    expect(server.requests).toHaveLength(made);
  });

  it('tells which classes are below the quota, and what to do', async () => {
    const { code, stdout } = await run([...making(), '--quota', '2']);
    expect(code).toBe(0);
    const { quota } = JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8'));
    const below = quota.below.map((own: { emotion: string; missing: number }) => `${own.emotion} by ${own.missing}`);
    expect(below).toContain('admiration by 1');
    expect(stdout).toContain(`${below.length} of 28 classes are below the quota of 2: ${below.join(', ')}.\n`);
    expect(stdout).toMatch(
      /^Run it with more narratives after these \(--narratives, --limit\); with --out \S+ no answer/m,
    );
    expect((await run(making())).stdout).not.toContain('the quota');
  });

  it('fails where nothing comes of it, and names the splits that are empty', async () => {
    const prose = Array(2).fill({ content: 'As you wish.' });
    server.faults = [{ stage: 'characters', about: 'Ines', answers: prose }];
    const two = await run(making());
    expect([two.code, two.stdout]).toEqual([0, expect.stringMatching(/^! no utterances for \w+: /m)]);
    server.faults = [{ stage: 'characters', about: '', answers: prose }];
    const none = await run([...making(), '--seed', '9']);
    expect(none.code).toBe(1);
    expect(none.stdout).toMatch(/^! no utterance was accepted/m);
    expect(none.stdout).not.toContain('Next:');
  });

  it('says which command continues where the endpoint gives up', async () => {
    server.faults = [{ stage: 'utterances', about: 'Aurel', transport: Array(9).fill({ status: 500 }) }];
    const { code, stderr } = await run([...making(), '--retries', '0'], { OPENAI_API_KEY: serverKey });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^ENDPOINT_FAILED: .*continue with: yarn synthesize --model story-teller .* --retries 0$/m);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stderr).not.toContain(serverKey);
    server.faults = [];
    expect((await run(making())).code).toBe(0);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends by %s with 130 and says how to continue', async (signal) => {
    server.faults = [{ stage: 'utterances', about: 'Ines', transport: ['hang'] }];
    const { child, finished } = start(making());
    await until(() => server.requests.some(({ stage }) => stage === 'utterances'));
    child.kill(signal);
    const { code, stdout } = await finished;
    expect(code).toBe(130);
    expect(stdout).toContain('Interrupted. All answers are kept');
    expect(stdout).toContain('continue with:\n  yarn synthesize --model story-teller');
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });

  it('shows the number of calls and the first prompt without calling', async () => {
    const plain = await run([...making(), '--dry-run']);
    // 3 × (1 + 4 × (1 + 10 × 4))
    expect(plain.stdout).toContain('3 narratives, up to 495 calls');
    expect(plain.stdout).toContain('## Plot: The Last Ferry');
    const json = await run(['--model', 'any', '--dry-run', '--limit', '5', '--characters', '2', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ narratives: 5, calls: 415 });
    expect(server.requests).toHaveLength(0);
    expect(existsSync(join(folder, 'calls'))).toBe(false);
  });

  it('takes the endpoint from the environment', async () => {
    const args = making().filter((arg) => arg !== '--endpoint' && arg !== address);
    expect((await run([...args, '--retries', '0'], { OPENAI_BASE_URL: address })).code).toBe(0);
    expect(server.requests.length).toBeGreaterThan(100);
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['no model', { model: '' }, ['SYNTHESIS_OPTION_INVALID: --model ']],
    [
      'several mistakes',
      { quota: '0', concurrency: '1.5', 'max-similarity': '2', split: '.5,.5,.5' },
      ['--quota 0', '--concurrency 1.5', '--max-similarity 2', '--split .5,.5,.5'],
    ],
    ['two shares', { split: '.5,.5' }, ['--split .5,.5']],
    ['one price', { 'price-output': '2' }, ['USAGE: ']],
    [
      'a price that is none',
      { 'price-input': '-1', 'price-output': 'much' },
      ['--price-input -1', '--price-output NaN'],
    ],
    ['too few narratives', { limit: '2' }, ['NARRATIVES_TOO_FEW: 2 of 3 narratives']],
    ['no such narratives', { narratives: 'none.jsonl' }, ['DATA_MISSING_FILE: no none.jsonl']],
    ['no table', { narratives: 'README.md' }, ['NARRATIVES_FORMAT_UNKNOWN: README.md']],
    ['no such label map', { 'label-map': 'none.json' }, ['LABEL_MAP_MISSING: none.json']],
    ['a key in the address', { endpoint: 'http://me:secret@localhost/v1' }, ['ENDPOINT_ADDRESS_INVALID']],
    ['an unknown flag', { modle: 'x' }, ['USAGE: ']],
  ])('refuses %s', async (_, given, expected) => {
    const flags = { model: 'any', narratives: narrativesFile, out: folder, ...given };
    const { code, stderr } = await run(Object.entries(flags).map(([name, value]) => `--${name}=${value}`));
    expect(code).toBe(2);
    for (const text of expected) expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/^ +at |secret/m);
  });

  it('is told that a server is not there, or has not the model', async () => {
    server.refusal = { status: 404, message: 'model "story-teller" not found', code: 'model_not_found' };
    expect((await run(making())).stderr).toMatch(/^ENDPOINT_MODEL_UNKNOWN: .*model "story-teller" not found/m);
    expect(server.requests.length).toBeLessThanOrEqual(4);
    await server.stop();
    expect((await run(making())).stderr).toMatch(/^ENDPOINT_UNREACHABLE: .*ECONNREFUSED/m);
    server = new CompletionServer();
    await server.start();
  });
});

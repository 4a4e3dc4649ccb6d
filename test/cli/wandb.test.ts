import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, type TestContext, test } from 'vitest';
import { readJournal, withoutWall } from '../../src/tracking/journal.ts';
import { findRunFolders, isSynced, type RunFolder } from '../../src/wandb/runFolder.ts';
import { expectWhole, rowsOf, testServer } from '../wandb/madeUpRun.ts';
import { filesWith, formsOf, shownOf } from '../wandb/secrets.ts';
import { apiKey, type Fault, type ReceivedRequest, type StoredRun, type WandbServer } from '../wandb/server.ts';
import {
  type CellAtWork,
  cellAtWork,
  descendantsOf,
  type Finished,
  isAlive,
  type Running,
  root,
  scratchFolder,
  startSweep,
  sweep,
  tiny,
  until,
} from './command.ts';

const scratch = scratchFolder();

/** One grid point with one seed; two workers have one thread each, and so leave a core to W&B. */
const point = [
  ...['--seeds', '1', '--workers', '2', '--set', 'objective.supCon.temperature=0.1'],
  ...['--set', 'objective.vectorSpacePreservation.weight=0'],
  ...['--set', 'training.steps=200', '--set', 'training.validateEvery=50'],
];

function commandFor(out: string): string[] {
  return [tiny, ...point, '--out', out];
}

function journalsIn(out: string): Record<string, unknown> {
  const cells = join(out, 'tiny', 'cells');
  return Object.fromEntries(
    readdirSync(cells).map((id) => [id, readJournal(join(cells, id, 'journal.jsonl')).map(withoutWall)]),
  );
}

let withoutWandb: Promise<Record<string, unknown>> | undefined;
/** The journals of the same sweep without W&B. */
function expectedJournals(): Promise<Record<string, unknown>> {
  const out = join(scratch, 'disabled');
  withoutWandb ??= sweep([...commandFor(out), '--wandb', 'disabled']).then(() => journalsIn(out));
  return withoutWandb;
}

function foldersIn(out: string): RunFolder[] {
  return findRunFolders(join(out, 'tiny', 'wandb'));
}

async function sync(out: string, environment: NodeJS.ProcessEnv): Promise<Finished> {
  const args = ['--import', 'tsx', 'src/cli/runs.ts', 'sync', 'tiny', '--results', out, '--client', 'contrafit'];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: scratch, ...environment },
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: (await closed)[0], stdout, stderr };
}

/** A sweep whose training is held up while the test looks at what W&B gets of it. */
interface Stage {
  readonly server: WandbServer;
  readonly running: Running;
  readonly cell: CellAtWork;
  /** The run of the cell that is trained, once the server knows it. */
  readonly run: () => StoredRun | undefined;
  /** A process that runs `file`. */
  readonly processOf: (file: string) => number | undefined;
}

interface Ended extends Finished {
  readonly out: string;
  readonly folders: readonly RunFolder[];
  /** Runs that had not arrived in whole when it ended. */
  readonly incomplete: readonly RunFolder[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Runs a sweep against a server, and checks whatever holds of it in any case. */
async function disturbed(
  context: TestContext,
  server: WandbServer,
  name: string,
  whileTraining: (stage: Stage) => Promise<unknown>,
  environment: NodeJS.ProcessEnv = { WANDB_API_KEY: apiKey },
): Promise<Ended> {
  const out = join(scratch, name);
  const everywhere = { ...environment, WANDB_BASE_URL: server.url, WANDB_PROJECT: 'p' };
  const running = startSweep(commandFor(out), { environment: everywhere });
  const processes = new Set<number>();
  const shown = new Set<string>();
  const watch = setInterval(() => {
    for (const pid of descendantsOf(running.pid)) {
      processes.add(pid);
      const { title, environment: variables } = shownOf(pid);
      shown.add(/(live|tracker)Process\.ts/.test(title) ? title + variables : title);
    }
  }, 500);
  context.onTestFinished(() => clearInterval(watch));
  const cell = await cellAtWork(join(out, 'tiny'));
  process.kill(cell.pid, 'SIGSTOP');
  const processOf = (file: string) => descendantsOf(running.pid).find((pid) => shownOf(pid).title.includes(file));
  await whileTraining({ server, running, cell, run: () => server.runs.get(`tiny-${cell.id}`), processOf });
  process.kill(cell.pid, 'SIGCONT');
  await until(() => running.printed().includes('✓'));
  const finished = await running.finished;
  clearInterval(watch);
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  await until(() => ![...processes].some(isAlive));
  expect([...shown].some((title) => title.includes('trackerProcess.ts'))).toBe(true);
  for (const form of formsOf(apiKey)) expect([...shown, finished.stdout].join('\n')).not.toContain(form);
  expect(filesWith(apiKey, out)).toEqual([]);
  expect(journalsIn(out)).toEqual(await expectedJournals());
  const folders = foldersIn(out);
  const incomplete = folders.filter((folder) => !isSynced(folder));
  return { ...finished, out, folders, incomplete, environment: everywhere };
}

/** After the faults: everything is on the server, as the logs have it. */
async function expectSynced(server: WandbServer, { out, environment }: Ended): Promise<void> {
  server.faults = () => undefined;
  await server.up();
  const before = server.requests.length;
  const isComplete = foldersIn(out).every(isSynced);
  const synced = await sync(out, environment);
  expect(synced).toMatchObject({ code: 0, stderr: '' });
  expect(synced.stdout).not.toContain(apiKey);
  if (isComplete) expect(server.requests.slice(before).map(({ operation }) => operation)).toEqual(['Viewer']);
  const folders = foldersIn(out);
  expect(folders).toHaveLength(3);
  for (const folder of folders) expectWhole(server, folder);
}

/** What a sweep prints at its end if not everything has arrived. */
function missingLine({ out, stdout }: Ended): { runs: number; rows: number; reason: string } {
  const line = new RegExp(
    `^! W&B: (\\d) of 3 runs not complete on the server, (\\d+) rows missing \\((.+)\\)\\. They are kept in ${out}/tiny/wandb; ` +
      `upload: yarn runs sync tiny --results ${out}$`,
    'm',
  ).exec(stdout);
  if (!line) throw new Error(`not said what is missing: ${stdout}`);
  return { runs: Number(line[1]), rows: Number(line[2]), reason: String(line[3]) };
}

function rowsMissing(server: WandbServer, { incomplete }: Ended): number {
  const missing = (folder: RunFolder) => rowsOf(folder).length - (server.runs.get(folder.runId)?.history.size ?? 0);
  return incomplete.reduce((sum, folder) => sum + missing(folder), 0);
}

const isFromSdk = ({ client }: ReceivedRequest) => client.startsWith('W&B Internal JS Client');
const everyThird = (fault: Fault) => (request: ReceivedRequest) => (request.index % 3 === 2 ? fault : undefined);
const isLive = ({ run }: Stage) => until(() => (run()?.history.size ?? 0) > 0);

const linux = process.platform === 'linux';

describe.skipIf(!linux).concurrent('A sweep with W&B', { timeout: 300_000 }, () => {
  test('is shown live by the SDK, and is there in whole at its end', async (context) => {
    const server = await testServer(context);
    const ended = await disturbed(context, server, 'undisturbed', async (stage) => {
      await isLive(stage);
      expect(stage.run()).toMatchObject({ complete: false, state: 'running', group: expect.stringContaining('tiny') });
      expect(server.requests.some((request) => isFromSdk(request) && request.path.endsWith('file_stream'))).toBe(true);
    });
    expect(ended.stdout).toContain(`W&B:     3 runs at ${server.url}/tester/p\n`);
    const kinds = ended.folders.map((folder) => expectWhole(server, folder).jobType).sort();
    expect(kinds).toEqual(['comparison', 'original', 'retrofit']);
    const retrofit = [...server.runs.values()].find(({ jobType }) => jobType === 'retrofit');
    expect(retrofit?.summary).toMatchObject({ 'train/loss': { min: expect.any(Number), last: expect.any(Number) } });
    expect(retrofit?.files.size).toBeGreaterThan(0);
  });

  test.for<[string, (request: ReceivedRequest) => Fault | undefined]>([
    ['429', everyThird({ status: 429, retryAfter: 1 })],
    ['500', everyThird({ status: 500 })],
    ['drop', everyThird('drop')],
    ['dropAfter', everyThird('dropAfter')],
    ['slow', () => ({ delay: 300 })],
  ])('gets everything there in spite of %s', async ([name, faults], context) => {
    const server = await testServer(context);
    server.faults = faults;
    // The key stands in a file.
    const netrc = join(scratch, `netrc-${name}`);
    writeFileSync(netrc, `machine 127.0.0.1 login user password ${apiKey}\n`);
    const ended = await disturbed(context, server, name, isLive, { NETRC: netrc });
    expect(ended.stdout).toContain(`W&B:     3 runs at ${server.url}/tester/p\n`);
    for (const folder of ended.folders) expectWhole(server, folder);
  });

  test.for<[string, Fault, string]>([
    ['401', { status: 401 }, 'status 401'],
    ['hang', 'hang', 'no answer in time'],
  ])('says what is missing with a server that always answers %s', async ([name, fault, reason], context) => {
    const server = await testServer(context);
    server.faults = () => fault;
    const ended = await disturbed(context, server, name, () => until(() => server.requests.length > 0));
    const rows = ended.folders.reduce((sum, folder) => sum + rowsOf(folder).length, 0);
    expect(missingLine(ended)).toMatchObject({ runs: 3, rows, reason: expect.stringContaining(reason) });
    await expectSynced(server, ended);
  });

  test('finds a server that comes up in the middle', async (context) => {
    const server = await testServer(context);
    await server.down();
    const ended = await disturbed(context, server, 'down-at-start', async ({ running }) => {
      await until(() => /^! W&B: graphql at .+ECONNREFUSED.+training goes on/m.test(running.printed()));
      await server.up();
    });
    expect(ended.stdout).toContain(`W&B:     3 runs at ${server.url}/tester/p\n`);
    for (const folder of ended.folders) expectWhole(server, folder);
  });

  test('gets over a server that is down for some seconds', async (context) => {
    const server = await testServer(context);
    const ended = await disturbed(context, server, 'down-in-the-middle', async (stage) => {
      await isLive(stage);
      await server.down();
      await setTimeout(3000);
      await server.up();
    });
    expect(ended.stdout).toContain(`W&B:     3 runs at ${server.url}/tester/p\n`);
    await expectSynced(server, ended);
  });

  test('says what is missing when the server has gone', async (context) => {
    const server = await testServer(context);
    const ended = await disturbed(context, server, 'down-at-end', async (stage) => {
      await isLive(stage);
      await server.down();
    });
    expect(missingLine(ended)).toMatchObject({ runs: ended.incomplete.length, rows: rowsMissing(server, ended) });
    await expectSynced(server, ended);
  });

  test("loses nothing when the SDK's process is killed", async (context) => {
    const server = await testServer(context);
    const ended = await disturbed(context, server, 'sdk-killed', async (stage) => {
      // On a busy machine rows may arrive without it first.
      await until(() => stage.processOf('liveProcess.ts') !== undefined);
      await isLive(stage);
      process.kill(stage.processOf('liveProcess.ts') ?? expect.fail(), 'SIGKILL');
    });
    expect(ended.stdout).toContain(`W&B:     3 runs at ${server.url}/tester/p\n`);
    await expectSynced(server, ended);
  });

  test("goes on when the tracker's process is killed", async (context) => {
    const server = await testServer(context);
    const ended = await disturbed(context, server, 'tracker-killed', async (stage) => {
      await isLive(stage);
      process.kill(stage.processOf('trackerProcess.ts') ?? expect.fail(), 'SIGKILL');
    });
    expect(ended.stdout).toContain(
      `! W&B: its process ended before it could tell what has arrived. Upload what has not: yarn runs sync tiny --results ${ended.out}\n`,
    );
    await expectSynced(server, ended);
  });

  test('that is killed leaves nothing behind, and all is there when it is repeated', async (context) => {
    const server = await testServer(context);
    const out = join(scratch, 'killed');
    const environment = { WANDB_API_KEY: apiKey, WANDB_BASE_URL: server.url, WANDB_PROJECT: 'p' };
    const running = startSweep(commandFor(out), { environment });
    const cell = await cellAtWork(join(out, 'tiny'));
    process.kill(cell.pid, 'SIGSTOP');
    await until(() => (server.runs.get(`tiny-${cell.id}`)?.history.size ?? 0) > 0);
    const processes = descendantsOf(running.pid);
    process.kill(running.pid, 'SIGKILL');
    process.kill(cell.pid, 'SIGCONT');
    await until(() => !processes.some(isAlive));
    const { code, stdout } = await sweep(commandFor(out), environment);
    expect(code).toBe(0);
    expect(stdout).toContain(`W&B:     3 runs at ${server.url}/tester/p\n`);
    for (const folder of foldersIn(out)) {
      expect(server.runs.get(folder.runId)?.rows()).toEqual(rowsOf(folder));
      expect(server.runs.get(folder.runId)).toMatchObject({ complete: true, exitCode: 0 });
    }
    expect(journalsIn(out)).toEqual(await expectedJournals());
  });

  test('is kept on the disk with --wandb offline, and uploaded later', async (context) => {
    const server = await testServer(context);
    const out = join(scratch, 'offline');
    const environment = { WANDB_API_KEY: apiKey, WANDB_BASE_URL: server.url };
    const { code, stdout } = await sweep([...commandFor(out), '--wandb', 'offline'], environment);
    expect(code).toBe(0);
    expect(stdout).toContain(`W&B:     3 runs in ${out}/tiny/wandb; upload: yarn runs sync tiny --results ${out}\n`);
    expect(server.requests).toHaveLength(0);
    expect(foldersIn(out).map(({ folder }) => /\/offline-run-/.test(folder))).toEqual([true, true, true]);
    expect(filesWith(apiKey, out)).toEqual([]);
    await expectSynced(server, { code, stdout, stderr: '', out, environment, folders: [], incomplete: [] });
  });
});

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lockFolder } from '../../src/sweep/lock.ts';
import { planExperiment } from '../../src/sweep/plan.ts';
import { readExperiment } from '../../src/tracking/results.ts';
import { wandbSettings } from '../../src/wandb/settings.ts';
import { upsertSweep } from '../../src/wandb/sweepOnServer.ts';
import { officialPython } from '../wandb/officialClient.ts';
import { apiKey, type StoredRun, startWandbServer, type WandbServer } from '../wandb/server.ts';
import { type Finished, root, scratchFolder, startSweep, sweep, tiny, until } from './command.ts';
import experiment from './fixtures/tiny.ts';

const scratch = scratchFolder();
const withoutWeight = ['--set', 'objective.vectorSpacePreservation.weight=0'];
/** A lock that is older was left by a dead sweep: whoever does not wait for others gives up. Milliseconds. */
const staleAfter = 7000;

/** Milliseconds that an agent has. */
const agentLimit = 240_000;

/** A test with a server of its own, since these run at once. */
function withServer(test: (server: WandbServer) => Promise<void>): () => Promise<void> {
  return async () => {
    const server = await startWandbServer();
    try {
      await test(server);
    } finally {
      await server.close();
    }
  };
}

function environmentOf(server: WandbServer): NodeJS.ProcessEnv {
  return { WANDB_BASE_URL: server.url, WANDB_API_KEY: apiKey, WANDB_ENTITY: 'e', WANDB_PROJECT: 'p' };
}

function runsOf(server: WandbServer, jobType: string): StoredRun[] {
  return [...server.runs.values()].filter((run) => run.jobType === jobType);
}

/** What W&B shows of the retrofitted runs: their sweep, and where their group puts them. */
function placesOfRuns(server: WandbServer): string[] {
  return runsOf(server, 'retrofit')
    .map(({ sweep, group, displayName, state }) => `${sweep}: ${group} | ${displayName} | ${state}`)
    .sort();
}

function storedConfig(server: WandbServer): Record<string, unknown> {
  return JSON.parse(server.sweeps.get('sweep0')?.config ?? '');
}

describe.concurrent('--wandb-sweep', { timeout: 300_000 }, () => {
  it(
    'makes a sweep with the axes, attaches the cells, and goes on with it when the grid is wider',
    withServer(async (server) => {
      const out = join(scratch, 'wider');
      const args = [tiny, '--wandb-sweep', '--out', out, '--workers', '2', ...withoutWeight];
      const first = await sweep([...args, '--seeds', '1'], environmentOf(server));
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(first.stdout).toContain('  W&B sweep sweep0; more workers, on other machines: wandb agent e/p/sweep0\n');
      expect([...server.sweeps.values()]).toMatchObject([
        { id: 'sweep0', ...{ entity: 'e', project: 'p', displayName: 'tiny' } },
      ]);
      const temperature = { values: [0.1, 0.3] };
      const objective = { parameters: { supCon: { parameters: { temperature } } } };
      expect(storedConfig(server)).toEqual({
        ...{ name: 'tiny', method: 'grid', metric: { name: 'knn/macroF1', goal: 'maximize' }, program: tiny },
        parameters: { objective, seed: { values: [1] } },
        command: [
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the agent fills these in
          ...['${env}', 'yarn', 'sweep', '${program}', ...withoutWeight, '--engine', 'auto', '--workers', '2'],
          // biome-ignore lint/suspicious/noTemplateCurlyInString: this too
          ...['--out', out, '--agent', '${args_json}'],
        ],
      });
      const ofFirst = ['0.1', '0.3'].map(
        (t) => `sweep0: tiny · temperature ${t} | temperature ${t} · seed 1 | finished`,
      );
      expect(placesOfRuns(server)).toEqual(ofFirst);
      expect([...runsOf(server, 'original'), ...runsOf(server, 'comparison')].map((run) => run.sweep)).toEqual([
        undefined,
        undefined,
      ]);

      const second = await sweep([...args, '--seeds', '1..2'], environmentOf(server));
      expect(second).toMatchObject({ code: 0, stderr: '' });
      expect(second.stdout.match(/^✓ /gm)).toHaveLength(2);
      expect(server.sweeps.size).toBe(1);
      expect(storedConfig(server)).toMatchObject({ parameters: { objective, seed: { values: [1, 2] } } });
      expect(placesOfRuns(server)).toEqual(
        [...ofFirst, ...ofFirst.map((place) => place.replace('seed 1', 'seed 2'))].sort(),
      );
    }),
  );

  it(
    'goes on without a sweep, and says so, while the server cannot be reached',
    withServer(async (server) => {
      await server.down();
      const args = [tiny, '--wandb-sweep', '--seeds', '1', '--workers', '2', ...withoutWeight];
      const running = startSweep([...args, '--out', join(scratch, 'unreachable')], {
        environment: environmentOf(server),
      });
      await until(() => /^! no W&B sweep: WANDB_UNREACHABLE: .+$/m.test(running.printed()));
      await server.up();
      expect((await running.finished).code).toBe(0);
      expect(server.sweeps.size).toBe(0);
      expect(placesOfRuns(server).map((place) => place.split(':')[0])).toEqual(['undefined', 'undefined']);
      // The same command attaches the runs when it has the sweep.
      const again = await sweep([...args, '--out', join(scratch, 'unreachable')], environmentOf(server));
      expect(again).toMatchObject({ code: 0, stderr: '' });
      expect(again.stdout).not.toContain('✓');
      expect(placesOfRuns(server).map((place) => place.split(':')[0])).toEqual(['sweep0', 'sweep0']);
    }),
  );

  it.each([
    ['without an API key', [], {}],
    ['with --wandb offline', ['--wandb', 'offline'], { WANDB_API_KEY: apiKey }],
  ])('is refused %s', async (_, flags, variables) => {
    const out = join(scratch, 'refused');
    const ended = await sweep([tiny, '--wandb-sweep', '--out', out, ...flags], variables);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(
      /^WANDB_SWEEP_OFFLINE: --wandb-sweep with W&B (offline|disabled) .+ by point all the same\.\n$/,
    );
    expect(existsSync(out)).toBe(false);
  });
});

describe.concurrent('--agent', { timeout: 300_000 }, () => {
  const onePoint = '{"objective.supCon.temperature":0.1,"objective.vectorSpacePreservation.weight":0}';
  it.each([
    ['what is no JSON', ['{'], /^AGENT_ARGUMENTS_INVALID: --agent \{; .+ args_json\.\n$/],
    [
      'an unknown setting',
      [onePoint.replace('}', ',"objective.supCon.temprature":1}')],
      /^EXPERIMENT_UNKNOWN_SETTING: objective\.supCon\.temprature; .+ Did you mean "temperature"\?\n$/,
    ],
    [
      'a value that does not fit',
      [onePoint.replace('0.1', '"hot"')],
      /^EXPERIMENT_INVALID: objective\.supCon\.temperature = "hot"; /,
    ],
    [
      'several points',
      ['{"seed":1}'],
      /^AGENT_NOT_ONE_POINT: .+ values of objective\.supCon\.temperature, objective\.vec.+ --set\.\n$/,
    ],
    ['--wandb-sweep beside it', [onePoint, '--wandb-sweep'], /^USAGE: --agent and --wandb-sweep together; /],
  ])('refuses %s', async (_, words, problem) => {
    const out = join(scratch, 'mistaken');
    const ended = await sweep([tiny, '--out', out, '--agent', ...words]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(problem);
    expect(existsSync(out)).toBe(false);
  });
});

describe
  .skipIf(!officialPython)
  .concurrent("W&B's own agent (which takes a Python that can import wandb)", { timeout: 300_000 }, () => {
    /** Runs `wandb agent` here, where `yarn sweep` is. */
    async function agent(server: WandbServer, sweepId: string, flags: readonly string[] = []): Promise<Finished> {
      const home = mkdtempSync(join(scratch, 'home'));
      const { PATH, TMPDIR, LD_LIBRARY_PATH } = process.env;
      const child = spawn(officialPython ?? '', ['-I', '-m', 'wandb', 'agent', ...flags, `e/p/${sweepId}`], {
        cwd: root,
        env: {
          ...{ PATH, TMPDIR, LD_LIBRARY_PATH, HOME: home, HF_HUB_OFFLINE: '1', PYTHONIOENCODING: 'utf8' },
          ...{ PYTHONDONTWRITEBYTECODE: '1', WANDB_ERROR_REPORTING: 'false', WANDB_DIR: home },
          ...{ WANDB_BASE_URL: server.url, WANDB_API_KEY: apiKey },
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        ...{ timeout: agentLimit, killSignal: 'SIGKILL' },
      });
      const output = { stdout: '', stderr: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
      const code = await new Promise<number | null>((done, fail) => child.once('close', done).once('error', fail));
      return { code, ...output };
    }

    /** A sweep on the server over two temperatures and two seeds. */
    async function makeSweep(server: WandbServer, out: string): Promise<string> {
      const plan = planExperiment(experiment, {
        set: [{ path: 'objective.vectorSpacePreservation.weight', value: 0 }],
      });
      const command = { file: tiny, words: [...withoutWeight, '--out', out] };
      const { name } = await upsertSweep(
        wandbSettings(undefined, environmentOf(server)),
        plan,
        command,
        join(out, 'wandb'),
      );
      return name;
    }

    it(
      'runs points under its own names; two at once share a folder, whose results compare all cells',
      withServer(async (server) => {
        const out = join(scratch, 'agents');
        const sweepId = await makeSweep(server, out);
        const folder = join(out, 'tiny');
        const unlock = await lockFolder(folder, () => {});
        const both = [1, 2].map(() => agent(server, sweepId, ['--count', '2']));
        await until(() => server.agentRuns.length === 2);
        await setTimeout(staleAfter);
        expect(runsOf(server, 'retrofit')).toEqual([]);
        await unlock();
        for (const { code, stderr } of await Promise.all(both)) expect(code, stderr).toBe(0);
        expect(placesOfRuns(server)).toEqual(
          ['0.1', '0.3'].flatMap((t) =>
            [1, 2].map((seed) => `${sweepId}: tiny · temperature ${t} | temperature ${t} · seed ${seed} | finished`),
          ),
        );
        expect(server.agentRuns).toHaveLength(4);
        for (const id of server.agentRuns) {
          const run = server.runs.get(id);
          expect(run).toMatchObject({ sweep: sweepId, exitCode: 0, complete: true, duplicates: 0 });
          expect(run?.config).toMatchObject({ seed: { value: expect.any(Number) }, kind: { value: 'retrofit' } });
          expect(run?.rows().at(-1)).toMatchObject({ 'train/step': 4, 'knn/macroF1': expect.any(Number) });
        }
        const { experiment: recorded, cells } = readExperiment(folder);
        // In the order in which the agents came.
        expect([...recorded.seeds].sort()).toEqual([1, 2]);
        expect(recorded.points).toHaveLength(2);
        expect(cells.map(({ cell, outcome }) => `${cell.kind} ${outcome.state}`).sort()).toEqual([
          'original finished',
          ...new Array(4).fill('retrofit finished'),
        ]);
      }),
    );

    it(
      'finds nothing left where the sweep itself has run all points',
      withServer(async (server) => {
        const args = [tiny, '--wandb-sweep', '--out', join(scratch, 'whole'), '--seeds', '1', ...withoutWeight];
        expect((await sweep(args, environmentOf(server))).code).toBe(0);
        const { code, stderr } = await agent(server, 'sweep0');
        expect(code, stderr).toBe(0);
        expect(server.agentRuns).toEqual([]);
      }),
    );
  });

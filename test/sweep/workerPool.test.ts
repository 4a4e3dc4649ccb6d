import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { findEnvironment } from '../../src/sweep/environment.ts';
import type { Job, JobFailure } from '../../src/sweep/protocol.ts';
import { WorkerPool } from '../../src/sweep/workerPool.ts';
import { forkWorker } from '../../src/sweep/workerProcess.ts';
import { problemsOf } from '../data/problems.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';

const environment = await findEnvironment();

function poolIn(folder: string, size: number, spare?: ReturnType<typeof forkWorker>): WorkerPool {
  const engine = { engine: 'wasm', precision: 'float32', threads: 1 } as const;
  const places = { dataFolder: '', encoders: { hubCache: '', offline: true } };
  const cacheFolder = `${folder}/cache`;
  const setup = { engine, places, folder, cacheFolder, experiment: 'test', tensorBoard: false, environment };
  const pool = new WorkerPool(setup, size, spare);
  onTestFinished(() => pool.stop());
  return pool;
}

/** Jobs of encoders that do not exist, each of which fails in the worker. */
const jobs = ['a', 'b', 'c'].map(
  (id) => ({ kind: 'embed', id, settings: { data: {}, encoder: id }, shard: {} }) as unknown as Job,
);

async function failuresOf(pool: WorkerPool): Promise<[string, JobFailure][]> {
  const failures: [string, JobFailure][] = [];
  await pool.run(jobs, {
    onProgress: () => {},
    onDone: () => {},
    onFailed: (job, failure) => failures.push([job.id, failure]),
  });
  return failures;
}

describe('WorkerPool', () => {
  it('takes a process that is there as its first worker', async () => {
    const spare = forkWorker();
    const pool = poolIn(await temporaryFolder({}), 1, spare);
    expect(await pool.start()).toMatchObject({ name: 'wasm' });
    expect(spare.process.killed).toBe(false);
    await pool.stop();
    expect(spare.process.signalCode).toBe('SIGKILL');
  });

  it('keeps what a process printed before it was needed', async () => {
    const folder = await temporaryFolder({});
    const output = new PassThrough();
    output.end('printed early');
    const gone = spawn(process.execPath, ['-e', ''], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    await once(gone, 'exit');
    await expect(poolIn(folder, 1, { process: gone, output }).start()).rejects.toThrow('exited with code 0');
    await vi.waitFor(async () => {
      expect(await readFile(join(folder, 'logs', 'worker-1.log'), 'utf8')).toBe('printed early');
    });
  });

  it('reports each job that fails, and needs no more workers than are ready', async () => {
    const pool = poolIn(await temporaryFolder({}), 2);
    await pool.start();
    const failures = await failuresOf(pool);
    expect(failures.map(([id]) => id).sort()).toEqual(['a', 'b', 'c']);
  });

  it('fails its jobs, and does not hang, where workers cannot keep their logs', async () => {
    const folder = await temporaryFolder({ logs: 'a file in place of the folder' });
    const [problem] = await problemsOf(poolIn(folder, 2).start());
    expect(problem?.code).toBe('RESULTS_NOT_WRITABLE');
    const pool = poolIn(folder, 2);
    await pool.warmUp();
    for (const [, failure] of await failuresOf(pool)) {
      expect(failure.problems?.map(({ code }) => code)).toEqual(['RESULTS_NOT_WRITABLE']);
    }
  });
});

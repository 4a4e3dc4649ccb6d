import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { betterArrangement } from '../../src/sweep/arrangement.ts';
import { findEnvironment } from '../../src/sweep/environment.ts';
import { defineExperiment } from '../../src/sweep/experiment.ts';
import { type PreparedSweep, prepareSweep } from '../../src/sweep/prepare.ts';
import { stopWorkers } from '../../src/sweep/sweep.ts';
import { type GroupWork, workOf } from '../../src/sweep/work.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';
import { goldenFolder } from '../encoders/goldens.ts';

const cores = availableParallelism();

async function prepared(steps: number, workers?: number): Promise<{ sweep: PreparedSweep; work: GroupWork }> {
  const out = await temporaryFolder({});
  const sweep = await prepareSweep({
    experiment: defineExperiment({
      name: 'arrangement',
      data: { limit: 20 },
      encoder: join(goldenFolder, 'bert'),
      maxLength: 16,
      precision: 'float32',
      objective: { supCon: {} },
      sampler: { kind: 'mPerClass', batchSize: 16, m: 4 },
      training: { steps },
      seeds: Array.from({ length: cores }, (_, i) => i),
    }),
    overrides: {},
    engine: 'auto',
    ...(workers !== undefined && { workers }),
    out,
    places: { dataFolder: '', encoders: { hubCache: '', offline: true } },
    smoke: false,
    tensorBoard: false,
    environment: await findEnvironment(),
  });
  onTestFinished(() => stopWorkers(sweep));
  const [group] = sweep.groups;
  if (!group) throw new Error('no group');
  return { sweep, work: await workOf(sweep, group, false) };
}

describe('betterArrangement', () => {
  it.skipIf(cores < 2)('measures long work once on a machine, and then knows', async () => {
    const { sweep, work } = await prepared(10_000_000);
    const { pool } = work.group;
    const found = await betterArrangement(sweep, work);
    expect([
      { workers: cores, threads: 1 },
      { workers: 1, threads: cores },
    ]).toContainEqual(found);
    await pool.arrange({ workers: cores, threads: 1 });
    const run = vi.spyOn(pool, 'run');
    expect(await betterArrangement(sweep, work)).toEqual(found);
    expect(run).not.toHaveBeenCalled();
    // What was found holds for what is left of it, however short.
    const rest = {
      ...work,
      cells: work.cells.map((task) => ({ ...task, workload: { steps: 1, texts: 0, extraSteps: 0 } })),
    };
    expect(await betterArrangement(sweep, rest)).toEqual(found);
  });

  it.skipIf(cores < 2)('keeps nothing where not all workers could be measured', async () => {
    const { sweep, work } = await prepared(10_000_000);
    const stopped = betterArrangement(sweep, work);
    await stopWorkers(sweep);
    expect(await stopped).toEqual({ workers: cores, threads: 1 });
    expect(existsSync(join(sweep.folder, '..', 'cache', 'arrangements'))).toBe(false);
  });

  it('leaves short work and the user’s own choice alone', async () => {
    const short = await prepared(10);
    expect(await betterArrangement(short.sweep, short.work)).toBeUndefined();
    const given = await prepared(10_000_000, cores);
    expect(await betterArrangement(given.sweep, given.work)).toBeUndefined();
  });
});

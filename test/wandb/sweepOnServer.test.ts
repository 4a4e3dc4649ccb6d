import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineExperiment } from '../../src/sweep/experiment.ts';
import { type PlanOverrides, planExperiment } from '../../src/sweep/plan.ts';
import { type WandbSettings, wandbSettings } from '../../src/wandb/settings.ts';
import { sweepConfig, upsertSweep } from '../../src/wandb/sweepOnServer.ts';
import { problemsOf } from '../data/problems.ts';
import { apiKey, defaultEntity, startWandbServer, type WandbServer } from './server.ts';

const experiment = defineExperiment({
  name: 'small',
  objective: { supCon: {}, vectorSpacePreservation: { weight: 1 } },
  sampler: { kind: 'stratified', batchSize: 16 },
  training: { steps: 4 },
  seeds: [1, 2],
});
const command = { file: 'small.ts', words: ['--out', 'elsewhere'] };

function plan(set: PlanOverrides['set'] = []) {
  return planExperiment(experiment, { set });
}

describe('sweepConfig', () => {
  test('has the seeds, the metric and the command of an experiment without axes', () => {
    expect(sweepConfig(plan(), command)).toEqual({
      ...{ name: 'small', method: 'grid', metric: { name: 'knn/macroF1', goal: 'maximize' } },
      ...{ parameters: { seed: { values: [1, 2] } }, program: 'small.ts' },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the agent fills these in
      command: ['${env}', 'yarn', 'sweep', '${program}', '--out', 'elsewhere', '--agent', '${args_json}'],
    });
  });

  test('nests paths with common beginnings, and leaves objects and lists that are values whole', () => {
    const samplers = [
      { kind: 'stratified', batchSize: 16 },
      { kind: 'mPerClass', batchSize: 16, m: 2 },
    ];
    const { parameters } = sweepConfig(
      plan([
        { path: 'objective.supCon.temperature', value: [0.1, 0.3] },
        { path: 'objective.vectorSpacePreservation.weight', value: [0] },
        { path: 'sampler', value: samplers },
        { path: 'pooling', value: ['mean', 'cls'] },
      ]),
      command,
    );
    expect(parameters).toEqual({
      objective: {
        parameters: {
          supCon: { parameters: { temperature: { values: [0.1, 0.3] } } },
          vectorSpacePreservation: { parameters: { weight: { values: [0] } } },
        },
      },
      sampler: { values: samplers },
      pooling: { values: ['mean', 'cls'] },
      seed: { values: [1, 2] },
    });
  });
});

describe('upsertSweep', () => {
  let server: WandbServer;
  let folder: string;
  beforeEach(async () => {
    server = await startWandbServer();
    folder = join(mkdtempSync(join(tmpdir(), 'contrafit-sweep-')), 'wandb');
  });
  afterEach(async () => {
    await server.close();
    rmSync(join(folder, '..'), { recursive: true });
  });

  function settings(environment: NodeJS.ProcessEnv = {}): WandbSettings {
    return wandbSettings(undefined, { WANDB_API_KEY: apiKey, WANDB_BASE_URL: server.url, ...environment });
  }

  function storedConfig(id: string) {
    return JSON.parse(server.sweeps.get(id)?.config ?? '');
  }

  test('makes a sweep, and brings the same one up to date the next time', async () => {
    const first = await upsertSweep(settings(), plan(), command, folder);
    expect(first).toMatchObject({ name: 'sweep0', entity: defaultEntity });
    const wider = plan([{ path: 'objective.supCon.temperature', value: [0.1, 0.3] }]);
    expect(await upsertSweep(settings(), wider, command, folder)).toEqual(first);
    expect(await upsertSweep(settings({ WANDB_ENTITY: defaultEntity }), wider, command, folder)).toEqual(first);
    expect([...server.sweeps.values()]).toMatchObject([{ id: 'sweep0', project: 'contrafit', displayName: 'small' }]);
    expect(storedConfig('sweep0')).toEqual(sweepConfig(wider, command));
  });

  test('makes another one for another server, project, entity and experiment', async () => {
    await upsertSweep(settings(), plan(), command, folder);
    expect(await upsertSweep(settings({ WANDB_PROJECT: 'other' }), plan(), command, folder)).toMatchObject({
      name: 'sweep1',
    });
    const elsewhere = { WANDB_PROJECT: 'other', WANDB_ENTITY: 'team' };
    expect(await upsertSweep(settings(elsewhere), plan(), command, folder)).toMatchObject({
      ...{ name: 'sweep2', entity: 'team' },
    });
    const named = { ...plan(), name: 'another' };
    expect(await upsertSweep(settings(elsewhere), named, command, folder)).toMatchObject({ name: 'sweep3' });
    const second = await startWandbServer();
    try {
      const there = settings({ ...elsewhere, WANDB_BASE_URL: second.url });
      await upsertSweep(there, plan(), command, folder);
      expect(second.sweeps.size).toBe(1);
    } finally {
      await second.close();
    }
    expect(server.sweeps.size).toBe(4);
  });

  test('makes another one where the server will not have the earlier one any more', async () => {
    await upsertSweep(settings(), plan(), command, folder);
    server.faults = ({ nth }) => (nth === 1 ? { status: 404 } : undefined);
    expect(await upsertSweep(settings(), plan(), command, folder)).toMatchObject({ name: 'sweep1' });
  });

  test('begins anew where what it kept cannot be read', async () => {
    for (const [i, broken] of ['', '{"baseUrl":', '[]', '{"id":7}'].entries()) {
      await upsertSweep(settings(), plan(), command, folder);
      for (const name of readdirSync(folder)) writeFileSync(join(folder, name), broken);
      expect(await upsertSweep(settings(), plan(), command, folder)).toMatchObject({ name: `sweep${i + 1}` });
    }
  });

  test('keeps nothing of a sweep that the server refuses', async () => {
    const refused = upsertSweep(settings({ WANDB_API_KEY: 'x'.repeat(40) }), plan(), command, folder);
    expect(await problemsOf(refused)).toMatchObject([{ code: 'WANDB_REFUSED' }]);
    expect(existsSync(folder)).toBe(false);
  });

  test('says that its folder cannot be written', async () => {
    writeFileSync(folder, '');
    const failed = upsertSweep(settings(), plan(), command, folder);
    expect(await problemsOf(failed)).toMatchObject([{ code: 'RESULTS_NOT_WRITABLE' }]);
  });

  test('writes numbers so that YAML reads numbers', async () => {
    const rates = [1e-7, 1.5e-7, 2e-5, 1e21];
    const named = { ...command, file: '1e-7 "2e-7".ts' };
    await upsertSweep(settings(), plan([{ path: 'training.learningRate', value: rates }]), named, folder);
    expect(server.sweeps.get('sweep0')?.config).toContain('[1.0e-7,1.5e-7,0.00002,1.0e+21]');
    expect(storedConfig('sweep0')).toMatchObject({
      program: named.file,
      parameters: { training: { parameters: { learningRate: { values: rates } } } },
    });
  });
});

import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentRun, places, withoutAgentFolder } from '../../src/cli/environment.ts';

const home = join(homedir(), '.cache');

describe('places', () => {
  it('has defaults below the user’s cache', () => {
    expect(places({})).toEqual({
      cacheFolder: join(home, 'contrafit'),
      dataFolder: join(home, 'contrafit', 'data'),
      encoders: { hubCache: join(home, 'huggingface', 'hub'), offline: false },
    });
  });

  it('follows XDG_CACHE_HOME where it is absolute', () => {
    expect(places({ XDG_CACHE_HOME: '/caches' })).toMatchObject({
      cacheFolder: '/caches/contrafit',
      dataFolder: '/caches/contrafit/data',
      encoders: { hubCache: '/caches/huggingface/hub' },
    });
    expect(places({ XDG_CACHE_HOME: 'caches' })).toEqual(places({}));
  });

  it('takes this project’s own variables first', () => {
    const environment = { CONTRAFIT_CACHE: '/c', XDG_CACHE_HOME: '/caches' };
    expect(places(environment)).toMatchObject({ cacheFolder: '/c', dataFolder: '/c/data' });
    expect(places({ ...environment, CONTRAFIT_DATA: '/d' })).toMatchObject({ cacheFolder: '/c', dataFolder: '/d' });
  });

  it('takes HF_HUB_CACHE before HF_HOME', () => {
    expect(places({ HF_HOME: '/hf' }).encoders.hubCache).toBe('/hf/hub');
    expect(places({ HF_HOME: '/hf', HF_HUB_CACHE: '/hub' }).encoders.hubCache).toBe('/hub');
  });

  it('reads how the hub is reached, and counts what is empty as unset', () => {
    expect(places({ HF_ENDPOINT: 'http://mirror/', HF_TOKEN: ' hf_x\n' }).encoders).toMatchObject({
      endpoint: 'http://mirror',
      token: 'hf_x',
    });
    expect(places({ HF_ENDPOINT: '', HF_TOKEN: '', HF_HOME: '', CONTRAFIT_DATA: '' })).toEqual(places({}));
  });

  it.each([
    ['1', true],
    ['on', true],
    ['YES', true],
    ['True', true],
    ['0', false],
    ['', false],
  ])('reads HF_HUB_OFFLINE=%s as %s', (value, offline) => {
    expect(places({ HF_HUB_OFFLINE: value }).encoders.offline).toBe(offline);
  });
});

describe('agentRun', () => {
  it('reads what wandb agent calls the sweep and the run', () => {
    expect(agentRun({ WANDB_SWEEP_ID: 's', WANDB_RUN_ID: 'r' })).toEqual({ sweepId: 's', runId: 'r' });
  });

  it('has nothing where no agent runs, and counts what is empty as unset', () => {
    expect(agentRun({})).toEqual({});
    expect(agentRun({ WANDB_SWEEP_ID: '', WANDB_RUN_ID: '' })).toEqual({});
  });
});

describe('withoutAgentFolder', () => {
  const agent = { WANDB_SWEEP_PARAM_PATH: '/here/wandb/sweep-s/config-r.yaml', WANDB_PROJECT: 'p' };

  it('leaves out the folder that the agent has set, the one that it runs in', () => {
    expect(withoutAgentFolder({ ...agent, WANDB_DIR: '/here' }, '/here')).toEqual(agent);
  });

  it('keeps a folder that the user has named', () => {
    const elsewhere = { ...agent, WANDB_DIR: '/there' };
    expect(withoutAgentFolder(elsewhere, '/here')).toEqual(elsewhere);
    const withoutAgent = { WANDB_DIR: '/here' };
    expect(withoutAgentFolder(withoutAgent, '/here')).toEqual(withoutAgent);
  });
});

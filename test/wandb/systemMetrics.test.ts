import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SystemMetrics } from '../../src/wandb/systemMetrics.ts';

let folder = '';
const calls = () => {
  const path = join(folder, 'calls');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
};

/** Puts a program in the place of NVIDIA's. */
function nvidiaSmi(body: string): void {
  const path = join(folder, 'nvidia-smi');
  writeFileSync(path, `#!/bin/sh\necho "$@" >> '${join(folder, 'calls')}'\n${body}\n`);
  chmodSync(path, 0o755);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'contrafit-system-'));
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const gpuPart = (metrics: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(metrics).filter(([name]) => name.startsWith('gpu.')));

test('measures the machine and this process', async () => {
  nvidiaSmi('exit 1');
  const system = new SystemMetrics();
  const before = await system.measure(process.pid);
  const until = performance.now() + 300;
  while (performance.now() < until) Math.sqrt(until);
  const metrics = await system.measure(process.pid);
  const names = [
    'cpu',
    'cpu.all',
    'memory_percent',
    'proc.memory.availableMB',
    'proc.memory.percent',
    'proc.memory.rssMB',
  ];
  expect(Object.keys(metrics).sort()).toEqual(names);
  expect(Object.keys(before).sort()).toEqual(names);
  for (const [name, value] of Object.entries(metrics)) expect(value, name).toBeGreaterThanOrEqual(0);
  for (const name of ['cpu', 'cpu.all', 'memory_percent', 'proc.memory.percent']) {
    expect(metrics[name], name).toBeLessThanOrEqual(101);
  }
  expect(metrics.cpu).toBeGreaterThan(0);
  expect(metrics['cpu.all']).toBeGreaterThan(0);
  const rss = process.memoryUsage.rss() / 2 ** 20;
  expect(metrics['proc.memory.rssMB']).toBeGreaterThan(rss / 2);
  expect(metrics['proc.memory.rssMB']).toBeLessThan(rss * 2);
  const { 'proc.memory.rssMB': used = 0, 'proc.memory.percent': share = 0 } = metrics;
  expect(share).toBeCloseTo((100 * used * 2 ** 20) / totalmem(), 6);
});

test('of a process that is gone measures the machine alone', async () => {
  nvidiaSmi('exit 1');
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  const metrics = await new SystemMetrics().measure(child.pid ?? 0);
  expect(Object.keys(metrics).sort()).toEqual(['cpu.all', 'memory_percent', 'proc.memory.availableMB']);
});

test('measures each GPU, without what a card does not tell', async () => {
  nvidiaSmi("echo '75, 1024, 4096, 60, 120.50'\necho '0, 512, 2048, 35, [N/A]'");
  const system = new SystemMetrics();
  const expected = {
    ...{ 'gpu.0.gpu': 75, 'gpu.0.memoryAllocated': 25, 'gpu.0.memoryAllocatedBytes': 2 ** 30, 'gpu.0.temp': 60 },
    ...{ 'gpu.0.powerWatts': 120.5, 'gpu.1.gpu': 0, 'gpu.1.memoryAllocated': 25, 'gpu.1.temp': 35 },
    'gpu.1.memoryAllocatedBytes': 2 ** 29,
  };
  expect(gpuPart(await system.measure(process.pid))).toEqual(expected);
  expect(gpuPart(await system.measure(process.pid))).toEqual(expected);
  const query = '--query-gpu=utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw';
  expect(calls()).toEqual([1, 2].map(() => `${query} --format=csv,noheader,nounits`));
});

test.each([
  ['nothing', ''],
  ['a message', "echo 'No devices were found'"],
])('a driver that says %s has no GPU', async (_, body) => {
  nvidiaSmi(body);
  expect(gpuPart(await new SystemMetrics().measure(process.pid))).toEqual({});
});

test('a driver that fails is not asked again', async () => {
  nvidiaSmi("echo '75, 1024, 4096, 60, 120.50'\nexit 9");
  const system = new SystemMetrics();
  for (let i = 0; i < 3; i++) expect(gpuPart(await system.measure(process.pid))).toEqual({});
  expect(calls()).toHaveLength(1);
});

test('without the program there is no GPU', async () => {
  vi.stubEnv('PATH', folder);
  expect(gpuPart(await new SystemMetrics().measure(process.pid))).toEqual({});
});

test('a driver that hangs, and takes no signal, is given up', async () => {
  nvidiaSmi("trap '' TERM\necho '75, 1024, 4096, 60, 120.50'\nsleep 8");
  const system = new SystemMetrics();
  expect(gpuPart(await system.measure(process.pid))).toEqual({});
  expect(gpuPart(await system.measure(process.pid))).toEqual({});
  expect(calls()).toHaveLength(1);
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/engine/doctor.ts';
import { nativeInstalled } from '../../src/engine/native/places.ts';
import { Checkout, type Outcome, standInPrograms } from '../engine/native/checkout.ts';

const engine = nativeInstalled();

let checkout: Checkout;
beforeAll(() => {
  checkout = new Checkout();
});
afterAll(() => checkout.remove());

function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const emptyCache = { CONTRAFIT_CACHE: join(checkout.folder, 'cache'), PATH: '' };
  return checkout.start('src/cli/engine.ts', args, { ...emptyCache, ...environment }).outcome;
}

describe('the command line', () => {
  it.each([
    [[], /USAGE: A command is missing: install or doctor/],
    [['instal'], /USAGE: Unknown argument: instal/],
    [['install', 'gpu'], /USAGE: .*"gpu".*"cpu", "cuda"/],
    [['doctor', '--jsno'], /USAGE: Unknown argument: jsno/],
  ] as const)('%j is the user’s mistake: one line, exit code 2', async (args, message) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(stderr).toContain('yarn engine --help');
  });

  it('helps with examples and exit codes', async () => {
    const { exitCode, stdout } = await run(['--help']);
    expect(exitCode).toBe(0);
    for (const text of ['install [variant]', 'doctor --json', 'Exit codes:', 'CONTRAFIT_SKIP_ENGINE']) {
      expect(stdout).toContain(text);
    }
  });
});

describe('doctor', () => {
  it('says what is missing without a native engine, and fails', async () => {
    const { exitCode, stdout, stderr } = await run(['doctor']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(stdout).toMatch(/✓ wasm +float32 +\d+ GFLOP\/s \(512 × 512, 1 thread\)/);
    expect(stdout).toMatch(/! the native engine is not installed\n +yarn engine install (cpu|cuda)\n$/);
  });

  it('finds a native engine that does not load, and how to mend it', async () => {
    const broken = new Checkout();
    const parts = ['deps/lib/libtensorflow.so', 'lib/napi-v8/tfjs_binding.node', 'lib/napi-v8/stderr.node'];
    for (const part of parts.map((name) => join(broken.package, name))) {
      mkdirSync(dirname(part), { recursive: true });
      writeFileSync(part, 'not a library');
    }
    const status = { state: 'installed', variant: 'cpu', folder: broken.package };
    writeFileSync(join(broken.package, 'contrafit-engine.json'), JSON.stringify(status));

    const { exitCode, stdout } = await broken.start('src/cli/engine.ts', ['doctor', '--json'], {}).outcome;
    broken.remove();
    expect(exitCode).toBe(1);
    const { examinations, advice } = JSON.parse(stdout) as Diagnosis;
    expect(examinations.map(({ engine: name, trial }) => [name, trial.works])).toEqual([
      ['tensorflow', false],
      ['tensorflow', false],
      ['wasm', true],
    ]);
    expect(advice).toEqual([
      {
        missing: expect.stringMatching(/installed, but does not work: .*(file too short|invalid ELF header)/),
        command: 'yarn engine install cpu --fresh',
      },
    ]);
  });
});

describe('install', () => {
  it('names everything that is missing at once', async () => {
    const { exitCode, stderr } = await run(['install', 'cpu']);
    expect(exitCode).toBe(2);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ENGINE_NEEDS_PIP: .* apt install python3-pip/),
      expect.stringMatching(/^ENGINE_NEEDS_COMPILER: .* apt install g\+\+/),
    ]);
  });

  it.runIf(engine)('installs, measures, and the doctor finds it', async () => {
    const PATH = standInPrograms(join(checkout.folder, 'programs'), engine?.folder as string);
    const installed = await run(['install', 'cpu'], { PATH });
    expect(installed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(installed.stdout).toMatch(/^… downloading[^✓]*✓ libtensorflow 2\.\d+\.\d+, CPU, fused ops: +\d+ GFLOP\/s/);

    const again = await run(['install', 'cpu', '--fresh'], { PATH });
    expect(again.stdout).toContain("… compiling the engine's binding");

    const { stdout } = await run(['doctor', '--json']);
    const { examinations } = JSON.parse(stdout) as Diagnosis;
    const native = examinations[0]?.trial;
    expect(native?.works && native.gflops).toBeGreaterThan(0);
    expect(examinations.every(({ trial }) => trial.works || trial.unsupported)).toBe(true);
  });
});

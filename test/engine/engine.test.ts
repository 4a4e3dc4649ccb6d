import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastestPrecision, startEngine } from '../../src/engine/engine.ts';
import { measureGemm, multipliesInBfloat16 } from '../../src/engine/gemm.ts';
import { nativeInstalled } from '../../src/engine/native/places.ts';
import { UserError } from '../../src/errors.ts';
import { availableEngines, leakedTensors, onEachEngine } from './engines.ts';
import { Checkout } from './native/checkout.ts';

const repository = new URL('../..', import.meta.url);

/** Runs a module in a process of its own, in this repository. */
function runModule(program: string, stdio: 'pipe' | ['ignore', number, number] = 'pipe') {
  return spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    cwd: repository,
    stdio,
    encoding: 'utf8',
  });
}

onEachEngine('startEngine', (engine) => {
  it('makes its backend current, and says what runs', async () => {
    const info = await startEngine({ engine, precision: 'float32', threads: 0 });
    expect(tf.getBackend()).toBe(engine);
    expect(info).toMatchObject({ name: engine, precision: 'float32' });
    expect(info.threads).toBeGreaterThanOrEqual(1);
    expect(info.detail).toMatch(engine === 'wasm' ? /^WebAssembly SIMD/ : /^libtensorflow 2\.\d+\.\d+, C/);
  });

  it('switches between the engines that a process has started', async () => {
    for (const other of [...availableEngines, engine]) {
      await startEngine({ engine: other, precision: 'float32', threads: 0 });
      expect(tf.getBackend()).toBe(other);
      expect([...tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()]).toEqual([11]);
    }
  });

  it('keeps its threads for the life of the process', async () => {
    await expect(startEngine({ engine, precision: 'float32', threads: 1 })).rejects.toThrow(
      /runs in this process already/,
    );
  });

  it('multiplies in float32 when it says so', () => {
    expect(multipliesInBfloat16()).toBe(false);
  });

  it('measures its products without a leak', () => {
    expect(leakedTensors(() => expect(measureGemm(64, 3)).toBeGreaterThan(0))).toBe(0);
  });
});

describe('precision bfloat16', () => {
  it('is refused by wasm', async () => {
    const refused = startEngine({ engine: 'wasm', precision: 'bfloat16', threads: 0 });
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(/ENGINE_PRECISION_UNSUPPORTED.*--precision float32/);
  });

  it('is what auto stands for only where it is not refused', () => {
    expect(fastestPrecision('wasm')).toBe('float32');
    const { stdout } = runModule(`
      import { fastestPrecision, startEngine } from './src/engine/engine.ts';
      const precision = fastestPrecision('auto');
      const engine = await startEngine({ engine: 'auto', precision, threads: 1 });
      console.log(engine.precision === precision);`);
    expect(stdout).toBe('true\n');
  });

  it.runIf(nativeInstalled())('is either real or refused by tensorflow', () => {
    const { stdout, status } = runModule(`
      import { startEngine } from './src/engine/engine.ts';
      import { multipliesInBfloat16 } from './src/engine/gemm.ts';
      try {
        const { precision } = await startEngine({ engine: 'tensorflow', precision: 'bfloat16', threads: 1 });
        console.log(precision, multipliesInBfloat16());
      } catch (error) {
        console.log(error.problems[0].code);
      }`);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^(bfloat16 true|ENGINE_PRECISION_UNSUPPORTED)\n$/);
  });
});

describe.runIf(nativeInstalled())('the native library’s log', () => {
  const load = `
    import * as tf from '@tensorflow/tfjs-core';
    import { startEngine } from './src/engine/engine.ts';
    const say = (text) => { process.stdout.write(text); };
    say('1 ');
    process.stderr.write('2 ');
    await startEngine({ engine: 'tensorflow', precision: 'float32', threads: 2 });
    tf.topk(tf.softmax(tf.matMul(tf.ones([300, 300]), tf.ones([300, 300]))), 2).indices.dataSync();
    process.stderr.write('3 ');
    say('4 ');
    process.stderr.write('5');`;

  it('does not reach a standard error that is a pipe or a socket', () => {
    const { stdout, stderr } = runModule(load);
    expect({ stdout, stderr }).toEqual({ stdout: '1 4 ', stderr: '2 3 5' });
  });

  it('does not reach a file, whose order with standard output stays', () => {
    const folder = mkdtempSync(join(tmpdir(), 'contrafit-log-'));
    const file = join(folder, 'log');
    const shell = `exec "$0" --import tsx --input-type=module --eval "$1" > "$2" 2>&1`;
    spawnSync('sh', ['-c', shell, process.execPath, load, file], { cwd: repository });
    expect(readFileSync(file, 'utf8')).toBe('1 2 3 4 5');
    rmSync(folder, { recursive: true });
  });

  it('becomes part of the error when the library does not load', () => {
    const { stdout, stderr } = runModule(`
      import { writeSync } from 'node:fs';
      import { withoutLibraryLog } from './src/engine/native/libraryLog.ts';
      try {
        withoutLibraryLog(() => { writeSync(2, 'cannot open libx.so'); throw new Error('no engine'); });
      } catch (error) {
        console.log(error.message);
      }
      writeSync(2, 'visible again');`);
    expect({ stdout, stderr }).toEqual({ stdout: 'no engine\ncannot open libx.so\n', stderr: 'visible again' });
  });
});

describe('without the native engine', () => {
  let checkout: Checkout;
  beforeAll(() => {
    checkout = new Checkout();
  });
  afterAll(() => checkout.remove());

  it('auto is wasm and says why; tensorflow is the user’s mistake', async () => {
    const program = `
      import { startEngine } from './src/engine/engine.ts';
      const request = { precision: 'float32', threads: 0 };
      await startEngine({ engine: 'tensorflow', ...request }).catch((error) => console.log(error.message));
      const { name, slowerBecause } = await startEngine({ engine: 'auto', ...request });
      console.log(name, slowerBecause);`;
    const run = () => checkout.start('--input-type=module', ['--eval', program], {}).outcome;
    const [mistake, info] = (await run()).stdout.trimEnd().split('\n');
    expect(mistake).toMatch(/^ENGINE_NOT_INSTALLED: engine tensorflow.*yarn engine install/);
    expect(info).toBe('wasm the native engine is not installed; mend it with: yarn engine install');

    await checkout.start('src/engine/postinstall.ts', [], { PATH: '', CONTRAFIT_CACHE: checkout.folder }).outcome;
    expect((await run()).stdout).toMatch(/wasm neither python3 -m pip .*mend it with: yarn engine install/);
  });
});

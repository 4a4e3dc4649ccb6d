import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nativeInstalled } from '../../src/engine/native/places.ts';
import { type Trial, tryEngine } from '../../src/engine/trial.ts';
import { Checkout } from './native/checkout.ts';

it('measures an engine that works', async () => {
  expect(await tryEngine({ engine: 'wasm', precision: 'float32', threads: 0 })).toMatchObject({
    works: true,
    engine: { name: 'wasm', threads: 1 },
    gflops: expect.any(Number),
  });
});

it('tells what the hardware lacks from what is broken', async () => {
  expect(await tryEngine({ engine: 'wasm', precision: 'bfloat16', threads: 0 })).toMatchObject({
    works: false,
    unsupported: true,
    reason: expect.stringContaining('bfloat16'),
  });
});

it.runIf(nativeInstalled())('collects what the library prints', async () => {
  const { log } = await tryEngine({ engine: 'tensorflow', precision: 'float32', threads: 1 });
  expect(log).toMatch(/oneDNN|absl/);
});

let checkout: Checkout;
beforeAll(() => {
  checkout = new Checkout();
});
afterAll(() => checkout.remove());

it('survives an engine that takes its process with it', async () => {
  writeFileSync(join(checkout.package, 'dist/index.js'), "console.error('last words'); process.abort();");
  const program = `
    import { writeFileSync, mkdirSync } from 'node:fs';
    import { join } from 'node:path';
    import { packageFolder, parts, statusFile } from './src/engine/native/places.ts';
    import { tryEngine } from './src/engine/trial.ts';
    for (const part of [parts.libraries, parts.binding]) mkdirSync(join(packageFolder, part), { recursive: true });
    writeFileSync(statusFile, JSON.stringify({ state: 'installed', variant: 'cpu', folder: packageFolder }));
    console.log(JSON.stringify(await tryEngine({ engine: 'tensorflow', precision: 'float32', threads: 1 })));`;
  const { stdout } = await checkout.start('--input-type=module', ['--eval', program], {}).outcome;
  const trial = JSON.parse(stdout) as Trial;
  expect(trial).toMatchObject({ works: false, unsupported: false, reason: 'its process ended with SIGABRT' });
  expect(trial.log).toContain('last words');
});

import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeInstalled } from '../../src/engine/native/places.ts';
import { Checkout, type Outcome, standInPrograms } from './native/checkout.ts';

const script = 'src/engine/postinstall.ts';
const engine = nativeInstalled();

let checkout: Checkout;
let other: Checkout;
beforeAll(() => {
  checkout = new Checkout();
  other = new Checkout();
});
afterAll(() => {
  checkout.remove();
  other.remove();
});

let caches = 0;
/** A cache that nothing has used. */
function emptyCache(): string {
  return join(checkout.folder, `cache-${caches++}`);
}

function postinstall(environment: NodeJS.ProcessEnv, where = checkout): Promise<Outcome> {
  return where.start(script, [], environment).outcome;
}

/** Two lines on standard error, nothing else, and no failure. */
function expectTwoLines(outcome: Outcome, ...mentions: (string | RegExp)[]): void {
  expect(outcome).toMatchObject({ exitCode: 0, stdout: '' });
  const lines = outcome.stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  for (const mention of mentions) expect(lines[0]).toMatch(mention);
  expect(lines[1]).toMatch(/wasm.*ten times slower.*yarn engine install/);
}

const log = (where = checkout) => readFileSync(join(where.package, 'contrafit-engine.log'), 'utf8');
const status = (where = checkout) => JSON.parse(readFileSync(join(where.package, 'contrafit-engine.json'), 'utf8'));

describe('without what the engine needs', () => {
  it('names all missing programs at once', async () => {
    const nothing = join(checkout.folder, 'nothing');
    mkdirSync(nothing);
    const outcome = await postinstall({ PATH: nothing, CONTRAFIT_CACHE: emptyCache() });
    expectTwoLines(outcome, /pip/, /g\+\+/, 'apt install python3-pip', 'apt install g++');
    expect(status()).toMatchObject({ state: 'missing', missing: expect.stringContaining('pip') });
    expect(log()).toMatch(/ENGINE_NEEDS_PIP.*\nENGINE_NEEDS_COMPILER/);
  });

  it('is left out on demand, without a word', async () => {
    const outcome = await postinstall({ PATH: '', CONTRAFIT_CACHE: emptyCache(), CONTRAFIT_SKIP_ENGINE: '1' });
    expect(outcome).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' });
  });

  it('says that the package index cannot be reached, by the real pip', async () => {
    const cache = emptyCache();
    const nowhere = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_CONFIG_FILE: '/dev/null', PIP_FIND_LINKS: '' };
    const outcome = await postinstall({ ...process.env, ...nowhere, CONTRAFIT_CACHE: cache });
    expectTwoLines(outcome, /cannot reach Python's package index/);
    expect(readdirSync(join(cache, 'engine'))).toEqual([]);
  });

  it('says that the cache cannot be written', async () => {
    const outcome = await postinstall({ ...process.env, CONTRAFIT_CACHE: join(checkout.folder, 'package.json') });
    expectTwoLines(outcome, /cannot be written.*package\.json/, 'CONTRAFIT_CACHE');
  });
});

describe.runIf(engine)('with stand-ins for pip and the compiler', () => {
  let PATH: string;
  beforeAll(() => {
    PATH = standInPrograms(join(checkout.folder, 'programs'), engine?.folder as string);
  });

  it.each([
    ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.', /DO NOT MATCH THE HASHES/],
    ['ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device', /no space is left/],
    ['ERROR: No matching distribution found for tensorflow-cpu', /No matching distribution/],
  ])('reports what pip says: %s', async (says, mention) => {
    const cache = emptyCache();
    expectTwoLines(await postinstall({ PATH, CONTRAFIT_CACHE: cache, PIP_SAYS: says }), mention);
    expect(log()).toContain(says);
    expect(readdirSync(join(cache, 'engine'))).toEqual([]);
  });

  it('leaves nothing that counts when it is killed, and the next one clears up', async () => {
    const cache = emptyCache();
    const reached = join(checkout.folder, 'reached');
    const running = checkout.start(script, [], { PATH, CONTRAFIT_CACHE: cache, PIP_WAITS: reached });
    while (!existsSync(reached)) await sleep(20);
    running.kill('SIGKILL');
    expect((await running.outcome).signal).toBe('SIGKILL');
    expect(readdirSync(join(cache, 'engine'))).toEqual([expect.stringMatching(/^\.building-/)]);
    expect(status()).toMatchObject({ state: 'missing' });
    expect(existsSync(join(checkout.package, 'lib'))).toBe(false);

    expectTwoLines(await postinstall({ PATH, CONTRAFIT_CACHE: cache, PIP_SAYS: 'ERROR: anything' }), /anything/);
    expect(readdirSync(join(cache, 'engine'))).toEqual([]);
  });

  it('two at once share one engine, which works in both checkouts', async () => {
    const environment = { PATH, CONTRAFIT_CACHE: emptyCache() };
    const outcomes = await Promise.all([postinstall(environment), postinstall(environment, other)]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const [name, ...rest] = readdirSync(join(environment.CONTRAFIT_CACHE, 'engine'));
    expect(rest).toEqual([]);
    for (const where of [checkout, other]) {
      const folder = join(environment.CONTRAFIT_CACHE, 'engine', name as string);
      expect(status(where)).toEqual({ state: 'installed', variant: 'cpu', folder });
      expect(readlinkSync(join(where.package, 'lib'))).toBe(join(folder, 'lib'));
    }
    const program = `
      import { startEngine } from './src/engine/engine.ts';
      console.log((await startEngine({ engine: 'auto', precision: 'float32', threads: 1 })).detail);`;
    const { stdout } = await other.start('--input-type=module', ['--eval', program], {}).outcome;
    expect(stdout).toMatch(/^libtensorflow 2\.\d+\.\d+, CPU, fused ops\n$/);
  });

  it('has nothing to do when all is there, and links again what was removed', async () => {
    const environment = { PATH, CONTRAFIT_CACHE: emptyCache() };
    const third = new Checkout();
    try {
      await postinstall(environment, third);
      const first = log(third);
      expect(first).toContain("compiling the engine's binding");
      await postinstall({ PATH: '', CONTRAFIT_CACHE: environment.CONTRAFIT_CACHE }, third);
      expect(log(third)).toBe(first);

      const fourth = new Checkout();
      expect(await postinstall({ PATH: '', CONTRAFIT_CACHE: environment.CONTRAFIT_CACHE }, fourth)).toMatchObject({
        exitCode: 0,
        stderr: '',
      });
      expect(log(fourth)).toContain('in the cache');
      fourth.remove();
    } finally {
      third.remove();
    }
  });
});

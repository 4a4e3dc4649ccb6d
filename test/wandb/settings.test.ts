import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { checkLogFolder, type WandbMode, wandbSettings } from '../../src/wandb/settings.ts';

const key = '0123456789abcdef0123456789abcdef01234567';
const home = mkdtempSync(join(tmpdir(), 'contrafit-settings-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
let files = 0;

/** A home, or a file of it, with such a netrc. */
function netrc(content: string): { readonly HOME: string; readonly NETRC: string } {
  const NETRC = join(home, `netrc-${files++}`);
  writeFileSync(NETRC, content);
  return { HOME: join(home, 'empty'), NETRC };
}

const nobody = { HOME: join(home, 'empty') };
const withKey = { ...nobody, WANDB_API_KEY: key };

describe('the mode', () => {
  const noKey = 'no API key; --wandb offline keeps a log that can be uploaded later';
  type Case = [flag: WandbMode | undefined, variable: string | undefined, hasKey: boolean, mode: string, why: string];
  test.each<Case>([
    [undefined, undefined, false, 'disabled', noKey],
    [undefined, undefined, true, 'online', 'an API key is there'],
    [undefined, '', true, 'online', 'an API key is there'],
    [undefined, '  ', false, 'disabled', noKey],
    [undefined, 'offline', false, 'offline', 'WANDB_MODE=offline'],
    [undefined, 'offline', true, 'offline', 'WANDB_MODE=offline'],
    [undefined, 'dryrun', true, 'offline', 'WANDB_MODE=dryrun'],
    [undefined, 'run', true, 'online', 'WANDB_MODE=run'],
    [undefined, 'online', true, 'online', 'WANDB_MODE=online'],
    [undefined, 'disabled', true, 'disabled', 'WANDB_MODE=disabled'],
    ['offline', undefined, true, 'offline', '--wandb offline'],
    ['offline', 'online', false, 'offline', '--wandb offline'],
    ['disabled', 'online', false, 'disabled', '--wandb disabled'],
    ['online', 'disabled', true, 'online', '--wandb online'],
    ['offline', 'nonsense', true, 'offline', '--wandb offline'],
  ])('flag %s, WANDB_MODE %s, key %s: %s', (flag, variable, hasKey, mode, because) => {
    const environment = { ...(hasKey ? withKey : nobody), ...(variable !== undefined && { WANDB_MODE: variable }) };
    expect(wandbSettings(flag, environment)).toMatchObject({ mode, because });
  });

  test.each<[WandbMode | undefined, string | undefined, string]>([
    ['online', undefined, '--wandb online'],
    ['online', 'offline', '--wandb online'],
    [undefined, 'online', 'WANDB_MODE=online'],
    [undefined, 'run', 'WANDB_MODE=run'],
  ])('flag %s, WANDB_MODE %s without a key is an error', (flag, WANDB_MODE, given) => {
    const act = () => wandbSettings(flag, { ...nobody, ...(WANDB_MODE && { WANDB_MODE }) });
    expect(act).toThrow(UserError);
    expect(act).toThrow(`WANDB_NO_KEY: ${given}; expected`);
  });

  test.each(['nonsense', 'Online', 'constructor', '__proto__'])('WANDB_MODE=%s is an error', (WANDB_MODE) => {
    const act = () => wandbSettings(undefined, { ...withKey, WANDB_MODE });
    expect(act).toThrow(`WANDB_MODE_INVALID: WANDB_MODE=${WANDB_MODE}; expected online, offline, disabled.`);
  });
});

describe('the key', () => {
  const keyOf = (environment: NodeJS.ProcessEnv) => wandbSettings(undefined, environment).apiKey;
  const entry = (host: string, password = key) => `machine ${host}\n  login user\n  password ${password}\n`;

  test('is that of WANDB_API_KEY, then that of the server in NETRC, else that of ~/.netrc', () => {
    const inNetrc = netrc(entry('api.wandb.ai', 'in-netrc'));
    writeFileSync(join(home, '.netrc'), entry('api.wandb.ai', 'at-home'));
    expect(keyOf({ HOME: home, NETRC: inNetrc.NETRC, WANDB_API_KEY: ` ${key} ` })).toBe(key);
    expect(keyOf({ HOME: home, NETRC: inNetrc.NETRC, WANDB_API_KEY: '' })).toBe('in-netrc');
    expect(keyOf({ HOME: home })).toBe('at-home');
    expect(keyOf({ HOME: home, NETRC: '' })).toBe('at-home');
    expect(keyOf({ HOME: home, NETRC: join(home, 'absent') })).toBeUndefined();
    expect(keyOf({ HOME: home, NETRC: home })).toBeUndefined();
    expect(wandbSettings(undefined, { HOME: home })).toMatchObject({ mode: 'online', because: 'an API key is there' });
  });

  test.each([
    ['https://api.wandb.ai', 'api.wandb.ai', true],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
    ['http://127.0.0.1:8080/', '127.0.0.1', true],
    ['http://127.0.0.1:8080', '127.0.0.1:8081', false],
    ['https://wandb.example.org', 'api.wandb.ai', false],
    ['https://wandb.example.org/path/', 'wandb.example.org', true],
  ])('for %s may stand under %s: %s', (WANDB_BASE_URL, host, found) => {
    expect(keyOf({ ...netrc(entry(host)), WANDB_BASE_URL })).toBe(found ? key : undefined);
  });

  test('of the address with its port goes first', () => {
    const both = netrc(entry('127.0.0.1', 'old') + entry('127.0.0.1:8080', 'new'));
    expect(keyOf({ ...both, WANDB_BASE_URL: 'http://127.0.0.1:8080' })).toBe('new');
    expect(keyOf({ ...both, WANDB_BASE_URL: 'http://127.0.0.1:9090' })).toBe('old');
  });

  test.each([
    `machine api.wandb.ai login user password ${key}`,
    `machine  api.wandb.ai\tlogin user   password ${key}\n`,
    `machine api.wandb.ai\nlogin user\npassword ${key}\n`,
    `machine api.wandb.ai\r\n  login user\r\n  password ${key}\r\n`,
    `machine api.wandb.ai\n\n  login user\n\n  password ${key}\n`,
    `machine api.wandb.ai login user\n  password ${key}\n`,
    `machine api.wandb.ai password ${key} login user`,
    `# machine api.wandb.ai password commented\nmachine api.wandb.ai # a comment\r\n login user password ${key} # one more\r\n`,
    `machine other login a password b\nmachine api.wandb.ai\n  login user\n  password ${key}\nmachine third login c`,
    `machine api.wandb.ai\n login user\n password ${key}\ndefault login a password b\n`,
  ])('is found in any layout: %j', (content) => {
    expect(keyOf(netrc(content))).toBe(key);
  });

  test.each([
    '',
    'machine',
    'machine api.wandb.ai',
    'machine api.wandb.ai\n  login user\n',
    `machine other\n  login user\n  password ${key}\nmachine api.wandb.ai\n  login user\n`,
    `# machine api.wandb.ai login user password ${key}\n`,
    `login user password ${key}`,
    '\u0000\u0001',
  ])('is not made up of %j', (content) => {
    expect(keyOf(netrc(content))).toBeUndefined();
  });

  test.each(['two words', 'k\u00e9y', 'a\u0007b'])('that cannot be one is refused: %j', (WANDB_API_KEY) => {
    const act = () => wandbSettings('offline', { ...nobody, WANDB_API_KEY });
    expect(act).toThrow(/^WANDB_KEY_INVALID: an API key with spaces or special characters/);
    expect(act).not.toThrow(WANDB_API_KEY);
  });
});

describe('the names', () => {
  test('are the defaults without variables', () => {
    expect(wandbSettings(undefined, nobody)).toEqual({
      ...{ mode: 'disabled', because: expect.any(String), baseUrl: 'https://api.wandb.ai', project: 'contrafit' },
      ...{ tags: [], silent: false },
    });
  });

  test('come from the variables, without blanks around', () => {
    const environment = {
      ...{ WANDB_ENTITY: ' a-team ', WANDB_PROJECT: ' a project ', WANDB_RUN_GROUP: 'g', WANDB_NAME: 'n' },
      ...{ WANDB_NOTES: 'Some\nnotes ', WANDB_DIR: '/runs', WANDB_SILENT: 'true', WANDB_TAGS: ' a , b,,c d, ' },
    };
    expect(wandbSettings('offline', { ...nobody, ...environment })).toEqual({
      ...{ mode: 'offline', because: '--wandb offline', baseUrl: 'https://api.wandb.ai', entity: 'a-team' },
      ...{ project: 'a project', group: 'g', name: 'n', notes: 'Some\nnotes', folder: '/runs', silent: true },
      tags: ['a', 'b', 'c d'],
    });
  });

  test.each([
    ['', []],
    [',', []],
    ['a', ['a']],
    ['a,a', ['a', 'a']],
    [' , a b ,\t', ['a b']],
  ])('tags of %j', (WANDB_TAGS, tags) => {
    expect(wandbSettings('offline', { ...nobody, WANDB_TAGS }).tags).toEqual(tags);
  });

  test.each([
    ['1', true],
    ['true', true],
    ['YES', true],
    ['on', true],
    ['0', false],
    ['false', false],
    ['', false],
    ['maybe', false],
  ])('silent at %j: %s', (WANDB_SILENT, silent) => {
    expect(wandbSettings('offline', { ...nobody, WANDB_SILENT }).silent).toBe(silent);
  });

  test.each([
    ['https://wandb.example.org/', 'https://wandb.example.org'],
    ['http://127.0.0.1:8080///', 'http://127.0.0.1:8080'],
    ['  https://wandb.example.org/path/ ', 'https://wandb.example.org/path'],
  ])('the address %j', (WANDB_BASE_URL, baseUrl) => {
    expect(wandbSettings('offline', { ...nobody, WANDB_BASE_URL }).baseUrl).toBe(baseUrl);
  });

  test.each([
    'wandb.example.org',
    'ftp://wandb.example.org',
    'http://',
    'file:///a',
    'localhost:8080',
  ])('the address %j is an error', (WANDB_BASE_URL) => {
    expect(() => wandbSettings('offline', { ...nobody, WANDB_BASE_URL })).toThrow(
      `WANDB_URL_INVALID: WANDB_BASE_URL=${WANDB_BASE_URL.replace(/\/+$/, '')}; expected`,
    );
  });

  test.each(['a/b', 'a\\b', 'a#b', 'a?b', 'a%b', 'a:b', 'x'.repeat(129)])('the project %j is an error', (project) => {
    expect(() => wandbSettings('offline', { ...nobody, WANDB_PROJECT: project })).toThrow(/^WANDB_PROJECT_INVALID/);
  });

  test.each(["a b ' ; , é", 'x'.repeat(128)])('the project %j is fine', (project) => {
    expect(wandbSettings('offline', { ...nobody, WANDB_PROJECT: project }).project).toBe(project);
  });

  test.each(['a/b', 'a b', 'a:b', 'a%b'])('the entity %j is an error', (WANDB_ENTITY) => {
    expect(() => wandbSettings('offline', { ...nobody, WANDB_ENTITY })).toThrow(/^WANDB_ENTITY_INVALID/);
  });
});

test('all mistakes are told at once', () => {
  const environment = {
    ...{ WANDB_MODE: 'nonsense', WANDB_BASE_URL: 'ftp://x', WANDB_PROJECT: 'a/b', WANDB_ENTITY: 'a b' },
    WANDB_API_KEY: 'a b',
  };
  const codesOf = (flag: WandbMode | undefined, variables: NodeJS.ProcessEnv) => {
    try {
      wandbSettings(flag, { ...nobody, ...variables });
    } catch (error) {
      return (error as UserError).problems.map(({ code }) => code);
    }
    return [];
  };
  const names = ['WANDB_URL_INVALID', 'WANDB_PROJECT_INVALID', 'WANDB_ENTITY_INVALID'];
  expect(codesOf(undefined, environment)).toEqual([
    ...['WANDB_URL_INVALID', 'WANDB_KEY_INVALID', 'WANDB_PROJECT_INVALID', 'WANDB_ENTITY_INVALID'],
    'WANDB_MODE_INVALID',
  ]);
  expect(codesOf('online', { ...environment, WANDB_API_KEY: '' })).toEqual([...names, 'WANDB_NO_KEY']);
});

test('no message shows a key or a password', () => {
  const secret = 'se-cret';
  const attempts: NodeJS.ProcessEnv[] = [
    { WANDB_API_KEY: `${secret} x`, WANDB_BASE_URL: `ftp://user:${secret}@wandb.example.org` },
    { WANDB_BASE_URL: `user:${secret}@wandb.example.org` },
    { WANDB_BASE_URL: `ftp://user:${secret}@${secret}@wandb.example.org` },
    { ...netrc(`machine api.wandb.ai\n  login user\n  password ${secret}\u0001`), WANDB_PROJECT: 'a/b' },
    { WANDB_API_KEY: secret, WANDB_MODE: 'nonsense', WANDB_PROJECT: 'a/b', WANDB_ENTITY: 'a b' },
  ];
  for (const environment of attempts) {
    const act = () => wandbSettings('online', { ...nobody, ...environment });
    expect(act).toThrow(/^WANDB_/);
    expect(act).not.toThrow(secret);
  }
  expect(JSON.stringify(wandbSettings(undefined, withKey)).split(key)).toHaveLength(2);
});

test('what is not used need not be right', () => {
  const odd = { WANDB_PROJECT: 'a/b', WANDB_ENTITY: 'a b', WANDB_BASE_URL: 'nowhere' };
  expect(wandbSettings('disabled', { ...nobody, ...odd })).toMatchObject({ mode: 'disabled' });
  expect(wandbSettings(undefined, { ...nobody, ...odd, WANDB_MODE: 'disabled' })).toMatchObject({ mode: 'disabled' });
  expect(() => wandbSettings(undefined, { ...nobody, WANDB_MODE: 'never' })).toThrow(/^WANDB_MODE_INVALID/);
});

test('an address with a name or password is refused, and neither is shown', () => {
  for (const url of ['https://user:qqq/zz@host.example.org', 'https://user@host.example.org', 'https://:qqq@host']) {
    const act = () => wandbSettings('online', { ...withKey, WANDB_BASE_URL: url });
    expect(act).toThrow(/^WANDB_URL_INVALID/);
    for (const part of ['user', 'qqq', 'zz@']) expect(act).not.toThrow(part);
  }
});

test('a folder for logs that cannot be written is refused, unless nothing is logged', () => {
  const folder = join(home, 'a-file');
  writeFileSync(folder, '');
  const settings = (mode: WandbMode, WANDB_DIR = folder) => wandbSettings(mode, { ...withKey, WANDB_DIR });
  const given = `WANDB_DIR_NOT_WRITABLE: WANDB_DIR=${folder} (EEXIST)`;
  expect(() => checkLogFolder(settings('offline'))).toThrow(given);
  checkLogFolder(settings('disabled'));
  checkLogFolder(settings('offline', join(home, 'new', 'folder')));
  checkLogFolder(wandbSettings('online', withKey));
});

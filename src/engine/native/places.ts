import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { tensorflowVersion, type Variant } from './variants.ts';

const require = createRequire(import.meta.url);

/** The folder of @tensorflow/tfjs-node-gpu in node_modules. */
export const packageFolder = dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));

/** What is linked from the package to the cached engine: where the package expects its libraries and its binding. */
export const linkedFolders = ['deps', 'lib'] as const;

/**
 * Where an engine's parts lie below its folder, and through the links below the package: the binding finds the
 * libraries by its RUNPATH, and libtensorflow finds `nvidia/` beside the folder that it lies in.
 */
export const parts = {
  libraries: 'deps/lib',
  headers: 'deps/include',
  nvidia: 'deps/nvidia',
  binding: 'lib/napi-v8/tfjs_binding.node',
  stderr: 'lib/napi-v8/stderr.node',
  oneDnn: 'deps/lib/libdnnl.so.3',
  /** The folder of the compiled modules. */
  modules: 'lib/napi-v8',
} as const;

/** Raise it when the same versions are built differently: it is part of the cached engine's name. */
const recipeRevision = 2;

/** The cached engine's folder, shared by all checkouts of a user. */
export function engineFolder(cacheFolder: string, variant: Variant, platform: string, arch: string): string {
  const { version: bindingVersion } = readJson(join(packageFolder, 'package.json')) as { version: string };
  return join(
    cacheFolder,
    'engine',
    `${variant}-${tensorflowVersion}-${bindingVersion}.${recipeRevision}-${platform}-${arch}`,
  );
}

/** What the last installation left for this checkout; it lies in node_modules, as its links do. */
export type InstallStatus =
  | { readonly state: 'installed'; readonly variant: Variant; readonly folder: string }
  | { readonly state: 'missing'; readonly variant: Variant; readonly missing: string; readonly remedy: string };

export const statusFile = join(packageFolder, 'contrafit-engine.json');
/** Everything that pip, the compiler and the probe printed at the last installation. */
export const logFile = join(packageFolder, 'contrafit-engine.log');

export function readStatus(): InstallStatus | undefined {
  try {
    return readJson(statusFile) as InstallStatus;
  } catch {
    return undefined;
  }
}

/**
 * The native engine that this checkout is linked to, without loading it: undefined if there is none, or if the cache
 * that the links lead to was deleted.
 */
export function nativeInstalled(): { variant: Variant; folder: string } | undefined {
  const status = readStatus();
  const complete = [parts.libraries, parts.binding].every((part) => existsSync(join(packageFolder, part)));
  return status?.state === 'installed' && complete ? status : undefined;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

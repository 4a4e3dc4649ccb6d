import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { systemErrorCode, UserError } from '../../errors.ts';
import { compileBinding } from './binding.ts';
import { type Command, CommandError, run } from './command.ts';
import { installFailure } from './installFailure.ts';
import { compileKernels } from './kernels.ts';
import {
  engineFolder,
  type InstallStatus,
  linkedFolders,
  logFile,
  nativeInstalled,
  packageFolder,
  parts,
  statusFile,
} from './places.ts';
import { findCompiler, findTools } from './tools.ts';
import { oneDnnVersion, type Recipe, recipeOf, tensorflowVersion, type Variant } from './variants.ts';
import { fetchWheels } from './wheels.ts';

export interface InstallRequest {
  readonly variant: Variant;
  /** The user's cache, which all checkouts share. */
  readonly cacheFolder: string;
  /** Of the programs that are run: PATH, and what configures pip. */
  readonly environment: NodeJS.ProcessEnv;
  /** Builds the engine anew even if the cache has it. */
  readonly fresh: boolean;
  /** Called when a step of the work begins, with what it does. */
  readonly onStep?: (step: string) => void;
  /** Called once a second during the download, with how much of it is here. */
  readonly onDownload?: (doneMB: number, totalMB: number) => void;
}

/**
 * Makes the native engine of a variant available to this checkout: builds it in the user's cache unless it is there,
 * and links the package to it. A finished engine appears in the cache by one rename, so that neither a killed
 * installation nor two at once leave anything half done. Returns the engine's folder.
 *
 * @throws UserError with everything that is missing; an engine that was linked before stays linked.
 */
export async function installNative(request: InstallRequest): Promise<string> {
  const log: string[] = [`libtensorflow ${tensorflowVersion}, ${request.variant}, Node ${process.version}`];
  try {
    const folder = await provideEngine(request, log);
    await linkPackage(folder);
    await writeStatus({ state: 'installed', variant: request.variant, folder });
    return folder;
  } catch (error) {
    log.push(error instanceof CommandError ? error.output : '', error instanceof Error ? String(error.stack) : '');
    const failure = installFailure(error, request.cacheFolder);
    if (!nativeInstalled()) {
      const { variant } = request;
      const missing = failure.problems.map((problem) => problem.given).join('; ');
      const remedy = failure.problems.map((problem) => problem.remedy).join(' ');
      await writeStatus({ state: 'missing', variant, missing, remedy });
    }
    throw failure;
  } finally {
    await writeFile(logFile, `${log.filter((text) => text !== '').join('\n')}\n`);
  }
}

async function provideEngine(request: InstallRequest, log: string[]): Promise<string> {
  const { variant, cacheFolder, environment, fresh } = request;
  const begin = performance.now();
  const step = (text: string) => {
    log.push(`${((performance.now() - begin) / 1000).toFixed(1)} s: ${text}`);
    request.onStep?.(text);
  };
  const recipe = recipeOf(variant, process.platform, process.arch);
  if (!recipe) {
    throw new UserError({
      code: 'ENGINE_UNSUPPORTED_MACHINE',
      given: `there is no ${variant} build of libtensorflow for ${process.platform} ${process.arch}`,
      expected: 'Linux on x64 (cpu, cuda) or arm64 (cpu)',
      remedy: 'Use the wasm engine here.',
    });
  }
  const folder = engineFolder(cacheFolder, variant, process.platform, process.arch);
  if (existsSync(folder) && !fresh) {
    log.push(`in the cache: ${folder}`);
    const compiler = await findCompiler(environment);
    log.push(compiler ? await compileFused(folder, compiler, environment) : 'no fused ops: there is no C++ compiler');
    return folder;
  }
  const tools = await findTools(environment);
  if ('missing' in tools) throw new UserError(tools.missing);

  await mkdir(dirname(folder), { recursive: true });
  await removeAbandoned(dirname(folder));
  const building = await mkdtemp(join(dirname(folder), `${buildPrefix()}${process.pid}-`));
  try {
    step(`downloading libtensorflow ${tensorflowVersion} (${variant}, ${recipe.downloadMB} MB)`);
    log.push(await fetchWheels({ recipe, folder: building, tools, environment, onDownload: request.onDownload }));
    step('arranging the libraries');
    log.push(await arrange(building, recipe, environment));
    step("compiling the engine's binding");
    log.push(
      await compileBinding(building, tools, environment),
      await compileFused(building, tools.compiler, environment),
    );
    step('starting the engine once');
    log.push(await probe(building, environment));
    if (fresh) await rm(folder, { recursive: true, force: true });
    await rename(building, folder).catch((error) => {
      // Another installation was first; its engine is as good.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return folder;
}

/** The fused ops, without which the engine works too: a compiler that is too old for them does not stop it. */
function compileFused(folder: string, compiler: Command, environment: NodeJS.ProcessEnv): Promise<string> {
  return compileKernels(folder, compiler, environment).catch(
    (error: Error) => `no fused ops: ${error.message}\n${error instanceof CommandError ? error.output : ''}`,
  );
}

/** Moves what the wheels held to where the binding and libtensorflow look for it. */
async function arrange(building: string, recipe: Recipe, environment: NodeJS.ProcessEnv): Promise<string> {
  const libraries = join(building, parts.libraries);
  await mkdir(libraries, { recursive: true });
  const names = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
  const moved = names.map((name) => join(libraries, name));
  for (const [i, target] of moved.entries()) await rename(join(building, 'tensorflow', names[i] as string), target);
  await symlink('libtensorflow_cc.so.2', join(libraries, 'libtensorflow.so'));
  await symlink('libtensorflow_framework.so.2', join(libraries, 'libtensorflow_framework.so'));
  await rename(join(building, 'tensorflow/include'), join(building, parts.headers));
  await rm(join(building, 'tensorflow'), { recursive: true });
  if (recipe.oneDnn.length > 0) {
    const [library, headers] = ['onednn_cpu_gomp', 'onednn_devel_cpu_gomp'].map((name) =>
      join(building, `${name}-${oneDnnVersion}.data`),
    ) as [string, string];
    await rename(join(library, 'data/lib/libdnnl.so.3'), join(building, parts.oneDnn));
    await rename(join(headers, 'data/include/oneapi'), join(building, parts.headers, 'oneapi'));
    await Promise.all([library, headers].map((path) => rm(path, { recursive: true })));
  }
  if (recipe.nvidia.length > 0) await rename(join(building, 'nvidia'), join(building, parts.nvidia));
  // A quarter of the size is symbols that nothing links to; without `strip` they stay.
  return run(['strip', '--strip-unneeded'], moved, environment).catch((error: Error) => `${error.message}\n`);
}

/** Loads the binding in a process of its own, which also opens the devices. */
function probe(folder: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const program = 'const engine = require(process.argv[1]); console.log(engine.TF_Version, engine.isUsingGpuDevice())';
  return run([process.execPath, '--eval', program], [join(folder, parts.binding)], environment);
}

async function linkPackage(folder: string): Promise<void> {
  for (const name of linkedFolders) {
    const place = join(packageFolder, name);
    const link = `${place}.${process.pid}`;
    await rm(link, { force: true });
    await symlink(join(folder, name), link);
    try {
      await rename(link, place);
    } catch {
      // A folder of the package's own installation is in the way: a link replaces only a link.
      await rm(place, { recursive: true, force: true });
      await rename(link, place);
    }
  }
}

async function writeStatus(status: InstallStatus): Promise<void> {
  await writeFile(statusFile, `${JSON.stringify(status, null, 2)}\n`);
}

/** Build folders name their host, since a cache may lie on a shared disk, and their process. */
function buildPrefix(): string {
  return `.building-${hostname()}-`;
}

/** Removes what installations left that were killed on this host. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(buildPrefix())) continue;
    const pid = Number.parseInt(name.slice(buildPrefix().length), 10);
    if (!isRunning(pid)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, run } from './command.ts';
import { packageFolder, parts } from './places.ts';

const require = createRequire(import.meta.url);
const { include_dir: nodeHeaders } = require('node-api-headers') as { include_dir: string };
const sourceFolder = fileURLToPath(new URL('kernels', import.meta.url));

/** A level of the x86-64 architecture, and the processor flags in which it shows. */
interface Level {
  readonly name: 'x86-64-v4' | 'x86-64-v3';
  readonly flags: readonly string[];
}

/** The levels that the fused ops are compiled for, the best first. */
const levels: readonly Level[] = [
  { name: 'x86-64-v4', flags: ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'] },
  { name: 'x86-64-v3', flags: ['avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe'] },
];

/** The compiled ops for a processor, below the engine's folder; undefined for processors that they do not run on. */
export function kernelsFor(flags: ReadonlySet<string>): string | undefined {
  const level = levels.find((candidate) => candidate.flags.every((flag) => flags.has(flag)));
  return level && moduleOf(level);
}

/** The file of this checkout's compiled ops for a processor, if there is one. */
export function compiledKernels(flags: ReadonlySet<string>): string | undefined {
  const kernels = kernelsFor(flags);
  const file = kernels && join(packageFolder, kernels);
  return file !== undefined && existsSync(file) ? file : undefined;
}

/** Whether there is something to compile: a processor for which ops can be, an engine that has oneDNN, and no ops. */
export function kernelsAreMissing(flags: ReadonlySet<string>): boolean {
  const possible = kernelsFor(flags) !== undefined && existsSync(join(packageFolder, parts.oneDnn));
  return possible && compiledKernels(flags) === undefined;
}

/** Named by what it is made of, so that checkouts with different sources share an engine. */
function moduleOf({ name }: Level): string {
  return join(parts.modules, `kernels-${sourceHash()}-${name}.node`);
}

/**
 * Compiles the ops of `kernels/` into an engine's folder, unless they are there. Only where the engine has oneDNN.
 * Returns what the compiler printed.
 */
export async function compileKernels(
  folder: string,
  compiler: Command,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  if (!existsSync(join(folder, parts.oneDnn))) return '';
  const missing = levels.filter((level) => !existsSync(join(folder, moduleOf(level))));
  const printed = await Promise.all(
    missing.map(async (level) => {
      const target = join(folder, moduleOf(level));
      // A cache may lie on a disk that hosts share.
      const building = `${target}.${hostname()}-${process.pid}`;
      const log = await run(
        compiler,
        [
          ...flagsOf(level),
          ...['-I', nodeHeaders, '-I', join(folder, parts.headers)],
          ...sources().filter((file) => file.endsWith('.cc')),
          ...['-o', building, '-L', join(folder, parts.libraries), ...libraries],
        ],
        environment,
      );
      await rename(building, target);
      return log;
    }),
  );
  return printed.join('');
}

function flagsOf({ name }: Level): string[] {
  return [
    ...['-O3', `-march=${name}`, '-std=c++2a', '-fopenmp', '-fPIC', '-shared', '-fvisibility=hidden'],
    // So that loops over numbers become vector instructions: nobody reads errno or floating-point traps.
    ...['-fno-math-errno', '-fno-trapping-math', '-ffp-contract=fast'],
    ...(name === 'x86-64-v4' ? ['-mprefer-vector-width=512'] : []),
    // Vectors wider than the processor's are passed between our own functions only.
    '-Wno-psabi',
    ...['-DIS_SLIM_BUILD', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=kernels'],
  ];
}

/** oneDNN first: libtensorflow has one of its own, of another version. */
const libraries = ['-l:libdnnl.so.3', '-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,$ORIGIN/../../deps/lib'];

function sources(): string[] {
  return readdirSync(sourceFolder)
    .sort()
    .map((name) => join(sourceFolder, name));
}

let hash: string | undefined;

function sourceHash(): string {
  if (hash === undefined) {
    const content = createHash('sha256').update(JSON.stringify([levels.map(flagsOf), libraries]));
    for (const file of sources()) content.update(readFileSync(file)).update('\0');
    hash = content.digest('hex').slice(0, 12);
  }
  return hash;
}

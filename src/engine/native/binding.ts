import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './command.ts';
import { packageFolder, parts } from './places.ts';
import type { Tools } from './tools.ts';

const require = createRequire(import.meta.url);
const { include_dir: nodeHeaders } = require('node-api-headers') as { include_dir: string };

/**
 * Compiles the binding of @tensorflow/tfjs-node-gpu, and the module that captures standard error, against the
 * libraries and headers in the engine's folder. Returns what the compiler printed.
 */
export async function compileBinding(
  folder: string,
  { compiler }: Tools,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  await mkdir(dirname(join(folder, parts.binding)), { recursive: true });
  const shared = ['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-I', nodeHeaders];
  const stderr = run(
    compiler,
    [
      ...shared,
      '-DNODE_GYP_MODULE_NAME=stderr',
      fileURLToPath(new URL('stderr.cc', import.meta.url)),
      '-o',
      join(folder, parts.stderr),
    ],
    environment,
  );
  const binding = run(
    compiler,
    [
      ...shared,
      '-DNODE_GYP_MODULE_NAME=tfjs_binding',
      '-I',
      join(folder, parts.headers),
      '-I',
      packageFolder,
      join(packageFolder, 'binding/tfjs_backend.cc'),
      join(packageFolder, 'binding/tfjs_binding.cc'),
      '-o',
      join(folder, parts.binding),
      '-L',
      join(folder, parts.libraries),
      '-ltensorflow',
      '-ltensorflow_framework',
      // Relative to the binding, so that the folder may be renamed.
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ],
    environment,
  );
  return (await Promise.all([stderr, binding])).join('');
}

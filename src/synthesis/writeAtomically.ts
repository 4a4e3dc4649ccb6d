import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode, UserError } from '../errors.ts';

/**
 * Writes a file so that at any time it has its old content or the new one; its folder is made. What a killed process
 * leaves beside it is overwritten the next time, so there is to be one writer at a time.
 *
 * @throws UserError OUTPUT_NOT_WRITABLE for a full disk, missing permissions and the like
 */
export async function writeAtomically(path: string, content: string): Promise<void> {
  const temporary = `${path}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw new UserError({
      code: 'OUTPUT_NOT_WRITABLE',
      given: `${path} (${code})`,
      expected: 'an output folder that can be written and has room',
      remedy: 'Make room, change its permissions, or name another one with --out.',
    });
  }
}

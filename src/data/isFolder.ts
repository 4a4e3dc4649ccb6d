import { stat } from 'node:fs/promises';
import { systemErrorCode } from '../errors.ts';

/** Whether there is a folder at the path. What cannot be looked at counts as absent. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

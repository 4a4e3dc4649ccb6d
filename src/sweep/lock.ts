import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { check, lock } from 'proper-lockfile';
import { systemErrorCode, UserError } from '../errors.ts';
import { asWriteError } from './writeErrors.ts';

/** After so many milliseconds without a sign of life a lock is taken over: its owner was killed. */
const staleAfter = 5000;

/**
 * Reserves a results folder for this process; gives the function that releases it. The lock of a killed process is
 * taken over after a few seconds.
 *
 * @param onLost called if another process took the lock over, because this one was asleep for too long
 * @param waiting waits for another sweep's end until this is aborted; default: as long as a dead one's lock lasts
 * @throws UserError SWEEP_RUNNING, RESULTS_NOT_WRITABLE, DISK_FULL
 */
export async function lockFolder(
  folder: string,
  onLost: () => void,
  waiting?: AbortSignal,
): Promise<() => Promise<void>> {
  try {
    await mkdir(folder, { recursive: true });
    for (let waited = 0; ; waited += 500) {
      try {
        const lockfilePath = lockIn(folder);
        return await lock(folder, { lockfilePath, stale: staleAfter, update: staleAfter / 5, onCompromised: onLost });
      } catch (error) {
        const isOver = waiting ? waiting.aborted : waited > staleAfter + 1000;
        if (systemErrorCode(error) !== 'ELOCKED' || isOver) throw error;
        await setTimeout(500);
      }
    }
  } catch (error) {
    throw systemErrorCode(error) === 'ELOCKED' ? running(folder) : asWriteError(error, folder);
  }
}

/** Whether a process has a results folder reserved; that of a killed one is not counted after a few seconds. */
export async function isLocked(folder: string): Promise<boolean> {
  return check(folder, { lockfilePath: lockIn(folder), stale: staleAfter });
}

/** In the folder and not beside it, as is the default, so that a folder that cannot be written is noticed. */
function lockIn(folder: string): string {
  return join(folder, '.lock');
}

function running(folder: string): UserError {
  return new UserError({
    code: 'SWEEP_RUNNING',
    given: `another sweep is writing ${folder}`,
    expected: 'one sweep at a time in a results folder',
    remedy: 'Wait for it, or give this one another folder with --out.',
  });
}

import { systemErrorCode, UserError } from '../errors.ts';

/** What a write that failed for lack of room means to the user; any other error comes back as it is. */
export function asDiskFull(error: unknown, folder: string): unknown {
  const code = systemErrorCode(error);
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new UserError({
    code: 'DISK_FULL',
    given: `no space left for ${folder}`,
    expected: 'room for the plan, the journals and the encoders of a sweep',
    remedy:
      'Free some space, or use --set training.save=false, and run the same command again: finished cells are kept.',
  });
}

/** What a failed write into a results folder means to the user. What is no system error comes back as it is. */
export function asWriteError(error: unknown, folder: string): unknown {
  const known = asDiskFull(error, folder);
  const code = systemErrorCode(known);
  if (code === undefined) return known;
  return new UserError({
    code: 'RESULTS_NOT_WRITABLE',
    given: `${folder} (${code})`,
    expected: 'a results folder that can be written',
    remedy: 'Name another one with --out, or change its permissions.',
  });
}

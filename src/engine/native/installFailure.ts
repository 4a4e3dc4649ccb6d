import { type Problem, systemErrorCode, UserError } from '../../errors.ts';
import { CommandError } from './command.ts';
import { logFile } from './places.ts';

/** Why an installation failed, in the user's terms; a UserError stays what it is. */
export function installFailure(error: unknown, cacheFolder: string): UserError {
  return error instanceof UserError ? error : new UserError(problemOf(error, cacheFolder));
}

function problemOf(error: unknown, cacheFolder: string): Problem {
  const output = error instanceof CommandError ? error.output : '';
  const code = systemErrorCode(error) ?? '';
  if (['ENOSPC', 'EDQUOT'].includes(code) || /No space left on device|Disk quota exceeded/.test(output)) {
    return {
      code: 'ENGINE_DISK_FULL',
      given: `no space is left for ${cacheFolder}`,
      expected: 'about 1.5 GB (cpu) or 7 GB (cuda) while it is built',
      remedy: 'Make room, or name a folder on another disk in CONTRAFIT_CACHE.',
    };
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code)) {
    return {
      code: 'ENGINE_CACHE_NOT_WRITABLE',
      given: `the engine cannot be written (${(error as Error).message})`,
      expected: `a folder that can be made, for example ${cacheFolder}`,
      remedy: 'Name one in CONTRAFIT_CACHE.',
    };
  }
  if (/connection broken|Max retries exceeded|Temporary failure in name resolution/.test(output)) {
    return {
      code: 'ENGINE_INDEX_UNREACHABLE',
      given: "pip cannot reach Python's package index",
      expected: 'a network, or a mirror named in the configuration of pip',
      remedy: 'Mend that and try again.',
    };
  }
  return {
    code: 'ENGINE_BUILD_FAILED',
    given: `${error instanceof Error ? error.message : error}${cause(output)}`,
    expected: 'every step to succeed',
    remedy: `See ${logFile}.`,
  };
}

/** The line of a program's output that most likely says what went wrong. */
function cause(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const line = lines.findLast((text) => /error/i.test(text)) ?? lines.at(-1);
  return line === undefined ? '' : `: ${line.trim()}`;
}

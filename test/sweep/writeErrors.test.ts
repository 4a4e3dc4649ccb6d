import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { asDiskFull, asWriteError } from '../../src/sweep/writeErrors.ts';

const systemError = (code: string) => Object.assign(new Error(`${code}: write`), { code });

describe('asDiskFull', () => {
  it.each(['ENOSPC', 'EDQUOT'])('takes %s for a full disk', (code) => {
    const error = asDiskFull(systemError(code), 'results/x');
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ problems: [{ code: 'DISK_FULL', given: 'no space left for results/x' }] });
  });

  it.each([systemError('EACCES'), new RangeError('x'), 'x', undefined])('leaves %s as it is', (error) => {
    expect(asDiskFull(error, 'results/x')).toBe(error);
  });
});

describe('asWriteError', () => {
  it('tells a full disk from a folder that cannot be written', () => {
    expect(asWriteError(systemError('ENOSPC'), 'r')).toMatchObject({ problems: [{ code: 'DISK_FULL' }] });
    expect(asWriteError(systemError('EROFS'), 'r')).toMatchObject({
      problems: [{ code: 'RESULTS_NOT_WRITABLE', given: 'r (EROFS)' }],
    });
  });

  it('leaves what the system did not refuse as it is', () => {
    const error = new RangeError('x');
    expect(asWriteError(error, 'r')).toBe(error);
  });
});

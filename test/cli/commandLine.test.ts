import { execFileSync } from 'node:child_process';
import process from 'node:process';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commandLine, shellWord } from '../../src/cli/commandLine.ts';

describe('shellWord', () => {
  it('is one word to a shell, the same one', () => {
    const word = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
        expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(
          words.map((own) => `${own}\0`).join(''),
        );
      }),
      { numRuns: 30 },
    );
  });

  it.each(['a/b.ts', '--set=x:1,2', '.8,.1,.1'])('leaves %s as it is', (word) => {
    expect(shellWord(word)).toBe(word);
  });
});

describe('commandLine', () => {
  it.each([
    [['e.ts', '--fresh', '--seeds', '1..3'], 'yarn sweep e.ts --seeds 1..3'],
    [['e.ts', '--fresh=true', '--freshly'], 'yarn sweep e.ts --freshly'],
    [['my file.ts'], "yarn sweep 'my file.ts'"],
  ])('of %j without --fresh', (args, expected) => {
    const { argv } = process;
    onTestFinished(() => {
      process.argv = argv;
    });
    process.argv = ['node', 'sweep.ts', ...args];
    expect(commandLine('yarn sweep', '--fresh')).toBe(expected);
  });

  it('has everything where nothing is to be left out', () => {
    const { argv } = process;
    onTestFinished(() => {
      process.argv = argv;
    });
    process.argv = ['node', 'x.ts', '--fresh', 'undefined=1'];
    expect(commandLine('yarn x')).toBe('yarn x --fresh undefined=1');
  });
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isear } from '../../src/data/isear.ts';
import { splitNames } from '../../src/data/source.ts';
import { problemsOf, summaries } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const header = 'ID|Field1|MYKEY|SIT|STATE|';

/** The texts of rows of one participant. */
async function textsOf(...rows: string[]): Promise<string[]> {
  const dataFolder = await temporaryFolder({ 'isear/isear.csv': [header, ...rows].join('\n') });
  const { splits } = await isear.read({ dataFolder });
  return splitNames.flatMap((split) => splits[split].map(({ text }) => text));
}

describe('the published format', () => {
  it('takes out what stands for line breaks', async () => {
    expect(await textsOf('1|joy|k|A day á that á was long.|1|', '1|fear|k|Málaga á|1|')).toEqual([
      'A day that was long.',
      'Málaga',
    ]);
  });

  it('puts rows together that were cut at a quotation mark', async () => {
    expect(await textsOf('1|joy|k|They spoke \\my language\\", at á|last."|1|')).toEqual([
      'They spoke "my language", at last.',
    ]);
  });

  it.each([
    '[ No response.]',
    'NO RESPONSE',
    'Blank.',
    '[ Never experienced.]',
    "Doesn't apply.",
    '[ Can not think of anything.]',
  ])('leaves out %s, and counts it', async (text) => {
    const rows = [`1|joy|k|${text}|1|`, '1|fear|k|Nothing moved.|1|'];
    const dataFolder = await temporaryFolder({ 'isear/isear.csv': [header, ...rows].join('\n') });
    const { splits, notes } = await isear.read({ dataFolder });
    expect(splitNames.flatMap((split) => splits[split])).toEqual([{ text: 'Nothing moved.', label: 'fear' }]);
    expect(notes).toEqual([expect.stringMatching(/^\w+: 1 texts left out that are no answer$/)]);
  });

  it('names the lines that do not fit', async () => {
    const rows = ['1|joy|k|a|1|', '1|bliss|k|a|1|', '1|joy|k', '1|joy|k| |1|'];
    const dataFolder = await temporaryFolder({ 'isear/isear.csv': [header, ...rows].join('\n') });
    expect(summaries(await problemsOf(isear.read({ dataFolder })), join(dataFolder, 'isear'))).toEqual([
      'DATA_UNKNOWN_LABEL: isear.csv:3, label "bliss"',
      'DATA_BAD_ROW: isear.csv:4 has 3 fields',
      'DATA_BAD_ROW: isear.csv:5 has no text',
    ]);
  });

  it('names a column that is missing', async () => {
    const dataFolder = await temporaryFolder({ 'isear/isear.csv': 'ID|SIT|\n1|a|\n' });
    const problems = await problemsOf(isear.read({ dataFolder }));
    expect(problems.map(({ code }) => code)).toEqual(['DATA_MISSING_COLUMN']);
  });
});

const dataFolder = process.env.CONTRAFIT_DATA ?? '';

describe.skipIf(!existsSync(join(dataFolder, 'isear')))(
  'the published data (skipped unless CONTRAFIT_DATA holds isear)',
  () => {
    it('keeps each participant in one split, and all rows that are answers', async () => {
      const { splits, notes } = await isear.read({ dataFolder });
      const left = notes.reduce((sum, note) => sum + Number(/(\d+) texts/.exec(note)?.[1]), 0);
      expect(splitNames.reduce((sum, split) => sum + splits[split].length, 0) + left).toBe(7666);
      expect(left).toBeGreaterThanOrEqual(85);
      const texts = splitNames.flatMap((split) => splits[split].map(({ text }) => text));
      expect(texts.filter((text) => /\bno response\b/i.test(text))).toEqual([]);
      expect(texts.filter((text) => /\sá(\s|$)/.test(text))).toEqual([]);
    });
  },
);

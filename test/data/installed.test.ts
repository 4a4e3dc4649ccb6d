import { describe, expect, it } from 'vitest';
import { sources } from '../../src/data/corpus.ts';
import { problemsOf } from './problems.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const publicSources = Object.entries(sources).filter(([name]) => !name.startsWith('embedded'));

describe.each(publicSources)('without its files, %s', (name, source) => {
  it('says which files have to be where, and who has them', async () => {
    const dataFolder = await temporaryFolder({});
    const [problem] = await problemsOf(source.read({ dataFolder }));
    expect(problem?.code).toBe('DATA_NOT_INSTALLED');
    const folder = name.replace(/(-(sentiment|ekman|multi|fold\d))+$/, '');
    expect(problem?.given).toBe(`no folder ${dataFolder}/${folder}`);
    expect(problem?.expected).toMatch(/\.(tsv|txt|json|csv)/);
    expect(problem?.remedy).toMatch(
      source.dataset?.downloads ? `Run: yarn data get ${folder}. Or put these files` : /^Put these files there from /,
    );
  });
});

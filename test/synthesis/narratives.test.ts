import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { readStories } from '../../src/data/embedded.ts';
import { readNarratives } from '../../src/synthesis/narratives.ts';
import { problemsOf } from '../data/problems.ts';
import { temporaryFolder } from '../data/temporaryFolder.ts';

const plots = [
  { id: 'a', title: 'One', text: 'A plot, with a comma.' },
  { id: 'b', title: '', text: 'Another plot.' },
  { id: 'c', title: 'Three', text: 'A third one.' },
];

const column = (name: 'id' | 'title' | 'text') => ({ name, data: plots.map((plot) => plot[name]) });

const files = {
  'plots.jsonl': plots.map(({ title, ...plot }) => JSON.stringify({ ...plot, ...(title && { title }) })).join('\n'),
  'plots.csv': `id,title,text\n${plots.map(({ id, title, text }) => `${id},${title},"${text}"`).join('\n')}`,
  'plots.tsv': `id\ttitle\ttext\n${plots.map(({ id, title, text }) => [id, title, text].join('\t')).join('\n')}`,
  'plots.parquet': new Uint8Array(parquetWriteBuffer({ columnData: [column('id'), column('title'), column('text')] })),
};

async function read(name: string, content: string, limit?: number) {
  return readNarratives(join(await temporaryFolder({ [name]: content }), name), limit);
}

describe('readNarratives', () => {
  it.each(Object.keys(files))('reads %s', async (name) => {
    const corpus = await readNarratives(join(await temporaryFolder(files), name), undefined);
    expect(corpus).toMatchObject({ name: 'plots', narratives: plots });
    // The same narratives have the same hash, however they are written.
    expect(corpus.sha256).toBe((await read('other.jsonl', files['plots.jsonl'])).sha256);
  });

  it('numbers those without ids, and takes whole numbers for ids', async () => {
    const ids = async (text: string) => (await read('p.csv', text)).narratives.map(({ id }) => id);
    expect(await ids('text\nx\ny\nz')).toEqual(['1', '2', '3']);
    const numbered = [7, 8, 9].map((id) => JSON.stringify({ id, text: 'x' })).join('\n');
    expect((await read('p.jsonl', numbered)).narratives.map(({ id }) => id)).toEqual(['7', '8', '9']);
  });

  it('has the plots of the project by default, and the first ones by a limit', async () => {
    const { stories } = await readStories();
    const { name, narratives } = await readNarratives(undefined, 5);
    expect(name).toBe('stories');
    expect(narratives).toEqual(stories.slice(0, 5).map(({ id, title, plot }) => ({ id, title, text: plot })));
    expect((await readNarratives(undefined, undefined)).narratives).toHaveLength(stories.length);
  });

  it('has another hash with another text, title, id or limit', async () => {
    const first = (await readNarratives(undefined, 5)).sha256;
    expect((await readNarratives(undefined, 6)).sha256).not.toBe(first);
  });

  it.each([
    ['ids that come again', 'id,text\na,x\nb,y\na,z', ['NARRATIVES_REPEATED_ID']],
    ['ids that are no names, and blank texts', 'id,text\na/b,x\nb,y\nc," "', ['DATA_BAD_ROW', 'DATA_BAD_ROW']],
    ['no texts', 'id,plot\na,x', ['DATA_MISSING_COLUMN']],
    ['fewer than three', 'text\nx\ny', ['NARRATIVES_TOO_FEW']],
  ])('refuses %s', async (_, content, codes) => {
    expect((await problemsOf(read('p.csv', content))).map(({ code }) => code)).toEqual(codes);
  });
});

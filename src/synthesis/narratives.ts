import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';
import { z } from 'zod';
import { readStories } from '../data/embedded.ts';
import { ProblemList } from '../data/problemList.ts';
import { checkRows, type Row, readJsonLines, readTable } from '../data/rows.ts';
import { UserError } from '../errors.ts';

/** A plot that a synthesis is grounded in. */
export interface Narrative {
  /** The examples' ids begin with it. */
  readonly id: string;
  /** Empty if there is none. */
  readonly title: string;
  readonly text: string;
}

/** The narratives of a synthesis, and what they are called. */
export interface NarrativeCorpus {
  /** The file's name without its extension, or `stories` for those that come with the project. */
  readonly name: string;
  readonly narratives: readonly Narrative[];
  /** SHA-256 over ids, titles and texts. */
  readonly sha256: string;
}

const words = z.string().refine((value) => value.trim() !== '', 'a text that is not blank');
const row = z.object({
  id: z
    .union([z.string(), z.int().transform(String)])
    .refine((id) => /^[\w.-]+$/.test(id), 'an id of letters, digits, ".", "-" and "_"')
    .nullish(),
  title: z.string().nullish(),
  text: words,
});

/**
 * Reads the narratives of a .jsonl, .csv, .tsv or .parquet file with the columns `text` and, where there are any, `id`
 * and `title`. Without ids they are numbered from 1. Default: the plots of the project's own stories.
 *
 * @param limit at most so many, the first ones
 * @throws UserError NARRATIVES_FORMAT_UNKNOWN, NARRATIVES_REPEATED_ID, NARRATIVES_TOO_FEW, or every problem of the file
 */
export async function readNarratives(file: string | undefined, limit: number | undefined): Promise<NarrativeCorpus> {
  const all = file === undefined ? await plots() : await inFile(file);
  const narratives = all.slice(0, limit);
  if (narratives.length < 3) {
    throw new UserError({
      code: 'NARRATIVES_TOO_FEW',
      given: `${narratives.length} of ${all.length} narratives`,
      expected: 'at least 3, since train, validation and test are divided by narrative',
      remedy: 'Add some, or raise --limit.',
    });
  }
  const content = narratives.map(({ id, title, text }) => [id, title, text]);
  return {
    name: file === undefined ? 'stories' : basename(file, extname(file)),
    narratives,
    sha256: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
  };
}

async function plots(): Promise<Narrative[]> {
  const { stories } = await readStories();
  return stories.map(({ id, title, plot }) => ({ id, title, text: plot }));
}

async function inFile(file: string): Promise<Narrative[]> {
  const problems = new ProblemList();
  const rows = checkRows(await readRows(file, problems), row, problems);
  problems.throwIfAny();
  const seen = new Map<string, string>();
  const narratives = rows.map(({ at, values: { id, title, text } }, i): Narrative => {
    const own = id ?? String(i + 1);
    const earlier = seen.get(own);
    if (earlier !== undefined) {
      problems.add({
        code: 'NARRATIVES_REPEATED_ID',
        given: `${at}, id "${own}", which ${earlier} has too`,
        expected: 'an id of its own for each narrative',
        remedy: 'Rename one, or leave the column out.',
      });
    }
    seen.set(own, at);
    return { id: own, title: title?.trim() ?? '', text: text.trim() };
  });
  problems.throwIfAny();
  return narratives;
}

async function readRows(file: string, problems: ProblemList): Promise<Row[]> {
  const required = ['text'];
  switch (extname(file).toLowerCase()) {
    case '.jsonl':
      return readJsonLines(file, problems);
    case '.csv':
      return withoutBlanks(await readTable(file, 'csv', required, problems));
    case '.tsv':
      return withoutBlanks(await readTable(file, 'tsv', required, problems));
    case '.parquet': {
      const { readParquet } = await import('../data/parquet.ts');
      return readParquet(file, { required, wanted: ['id', 'title', 'text'] }, problems);
    }
    default:
      throw new UserError({
        code: 'NARRATIVES_FORMAT_UNKNOWN',
        given: file,
        expected: 'a .jsonl, .csv, .tsv or .parquet file',
        remedy: 'Convert it, one narrative a row, with a column text.',
      });
  }
}

/** An empty cell of a table is a value that is not there. */
function withoutBlanks(rows: readonly Row[]): Row[] {
  return rows.map(({ at, values }) => ({
    at,
    values: Object.fromEntries(Object.entries(values).filter(([name, value]) => name === 'text' || value !== '')),
  }));
}

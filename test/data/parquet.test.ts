import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readParquet } from '../../src/data/parquet.ts';
import { ProblemList } from '../../src/data/problemList.ts';
import { UserError } from '../../src/errors.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** From golden/make_parquet.py. */
const golden = (name: string) => fileURLToPath(new URL(`golden/parquet/${name}.parquet`, import.meta.url));

async function problemsOf(file: string, required: readonly string[]): Promise<string[]> {
  const problems = new ProblemList();
  await readParquet(file, { required, wanted: required }, problems);
  try {
    problems.throwIfAny();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(({ code, given }) => `${code}: ${given}`);
  }
  return [];
}

it('reads what Hugging Face’s datasets write, with the names of the classes', async () => {
  const file = golden('huggingface');
  expect(
    await readParquet(
      file,
      { required: ['text', 'label'], wanted: ['text', 'label', 'context', 'id'] },
      new ProblemList(),
    ),
  ).toEqual([
    { at: `${file}, row 1`, values: { text: 'fine', label: 'positive', id: 7 } },
    { at: `${file}, row 2`, values: { text: 'awful', label: 'negative', id: 8 } },
    { at: `${file}, row 3`, values: { text: 'naïve – déjà vu', label: 'positive', id: 2 ** 40 } },
  ]);
});

it('reads what pyarrow writes, missing values too', async () => {
  const rows = await readParquet(
    golden('plain'),
    { required: ['review'], wanted: ['review', 'stars', 'sure'] },
    new ProblemList(),
  );
  expect(rows.map(({ values }) => values)).toEqual([
    { review: 'good', stars: 5, sure: true },
    { review: null, stars: 3, sure: false },
    { review: 'bad', stars: 1, sure: true },
  ]);
});

it('names columns that are missing, and what the file has', async () => {
  expect(await problemsOf(golden('plain'), ['text', 'stars'])).toEqual([
    `DATA_MISSING_COLUMN: ${golden('plain')} has no column "text" but "review", "stars", "sure"`,
  ]);
});

it('refuses what is no Parquet, is cut off, or is compressed in a way that it does not know', async () => {
  const folder = await temporaryFolder({ 'text.parquet': 'text,label\n', 'empty.parquet': '' });
  for (const file of [`${folder}/text.parquet`, `${folder}/empty.parquet`, golden('zstd')]) {
    expect(await problemsOf(file, file === golden('zstd') ? ['review'] : [])).toEqual([
      expect.stringMatching(/^DATA_BAD_PARQUET: .+ \(.+\)$/),
    ]);
  }
  expect(await problemsOf(`${folder}/none.parquet`, [])).toEqual([`DATA_MISSING_FILE: no ${folder}/none.parquet`]);
});

it('reads all columns where none are named, with numbers for whole numbers of 64 bits', async () => {
  const all = async (name: string) => {
    const problems = new ProblemList();
    const rows = await readParquet(golden(name), { required: ['text'] }, problems);
    problems.throwIfAny();
    return rows.map(({ values }) => values);
  };
  expect(await all('nested')).toEqual([
    { text: 'one', source: { page: 3, lines: [1, 2] } },
    { text: 'two', source: { page: 2 ** 40, lines: [] } },
  ]);
  expect(await all('unlabelled')).toEqual([
    { text: 'one', label: -1, id: 1 },
    { text: 'two', label: -1, id: 2 },
  ]);
});

it('does not take a label that was left out for a class', async () => {
  expect(await problemsOf(golden('unlabelled'), ['text', 'label'])).toEqual([
    `DATA_UNKNOWN_LABEL: ${golden('unlabelled')}, row 1, label -1`,
    `DATA_UNKNOWN_LABEL: ${golden('unlabelled')}, row 2, label -1`,
  ]);
});

it('reads lists of classes by their names, and objects', async () => {
  const lists = await readParquet(
    golden('several'),
    { required: ['text'], wanted: ['text', 'labels'] },
    new ProblemList(),
  );
  expect(lists.map(({ values }) => values.labels)).toEqual([['joy'], ['neutral', 'fear'], ['joy', 'fear']]);
  const objects = await readParquet(golden('strengths'), { required: [], wanted: ['emotions'] }, new ProblemList());
  expect(objects.map(({ values }) => values.emotions)).toEqual([
    { joy: 0.5, fear: 0.25, neutral: null },
    { joy: null, fear: null, neutral: 1 },
    { joy: 0.5, fear: 0.5, neutral: null },
  ]);
});
